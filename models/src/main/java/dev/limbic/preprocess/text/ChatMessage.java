package dev.limbic.preprocess.text;

import java.util.Map;

/** STUB. */
public record ChatMessage(String role, String content, Map<String, String> extra) {}
