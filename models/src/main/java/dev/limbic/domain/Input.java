package dev.limbic.domain;

/** What a client sends to be read. */
public sealed interface Input permits Text, Image, Frame {}
