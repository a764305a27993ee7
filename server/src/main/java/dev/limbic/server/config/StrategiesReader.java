package dev.limbic.server.config;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.ResponseRules;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads and checks a file of response strategies. */
final class StrategiesReader {
    private static final int MAX_LINES = 64;

    private StrategiesReader() {}

    /** @param problems what is wrong is added here */
    static ResponseRules read(YamlFile file, List<String> problems) {
        Section root = new Section("", file, file.root(), null, Map.of(), problems);
        double memory = root.fraction("memory");
        double threshold = root.fraction("threshold");
        List<ResponseRules.Rule> rules = new ArrayList<>();
        Set<CanonicalEmotion> heard = EnumSet.noneOf(CanonicalEmotion.class);
        for (Section section : root.list("strategies")) {
            ResponseRules.Rule rule = rule(section);
            if (!heard.add(rule.hears())) {
                section.complain("hears", section.require("hears"), "is answered by two strategies");
            }
            rules.add(rule);
        }
        if (!heard.contains(CanonicalEmotion.NEUTRAL)) {
            problems.add(file.name() + ": no strategy hears neutral; it answers everything that no other one does");
        }
        root.finish();
        return new ResponseRules(memory, threshold, List.copyOf(rules));
    }

    private static ResponseRules.Rule rule(Section section) {
        ResponseRules.Rule rule = new ResponseRules.Rule(
                section.text("name"),
                section.requireChoice("hears", CanonicalEmotion.class),
                section.requireChoice("emotion", CanonicalEmotion.class),
                section.fraction("intensity"),
                section.flag("mirrors"),
                section.textOr("style", ""),
                section.texts("lines", MAX_LINES));
        section.finish();
        return rule;
    }
}
