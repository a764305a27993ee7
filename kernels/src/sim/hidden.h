// Each stand-in keeps its own copy of what they share: two libraries of one process must not swap their functions. Not for
// types that an exported function takes: it would be hidden with them.
#pragma once

#define LIMBIC_SIM_HIDDEN __attribute__((visibility("hidden")))
