package dev.limbic.preprocess.jinja;

/** A macro with the variables it sees. */
record MacroValue(Statement.Macro macro, Scope scope) {}
