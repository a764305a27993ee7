// What a stand-in shows: the rest is compiled with hidden visibility, so that two libraries of one process keep their own.
#pragma once

#define SIM_EXPORT extern "C" __attribute__((visibility("default")))
