package dev.limbic.preprocess.jinja;

/**
 * What a name or key stands for that nobody has set: prints as nothing and is false, but almost all else fails.
 *
 * @param name what was looked up, for messages
 */
record Undefined(String name) {
    TemplateException failure() {
        return TemplateException.failed("'" + name + "' is undefined");
    }
}
