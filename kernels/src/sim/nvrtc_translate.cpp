// The translation is one pass over tokens. Three things are not C++: __global__ functions, which get an entry in the table
// of kernels; __launch_bounds__, which moves into that entry; and __shared__ variables, whose place the driver gives.
#include "nvrtc_translate.h"

#include <cctype>
#include <set>
#include <vector>

namespace nvrtc {
namespace {

struct Token {
  size_t begin, end;  // in the text
  std::string word;
};

bool wordStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool wordPart(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

size_t endOfQuoted(const std::string& text, size_t at) {
  char quote = text[at++];
  while (at < text.size() && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
  return at + 1 < text.size() ? at + 1 : text.size();
}

// Words, numbers, quoted texts and single characters; directives of the preprocessor are left out.
std::vector<Token> tokenise(const std::string& text) {
  std::vector<Token> tokens;
  bool lineStart = true;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == '\n') {
      lineStart = true;
      at++;
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      at++;
    } else if (c == '#' && lineStart) {
      at = text.find('\n', at);
      if (at == std::string::npos) at = text.size();
    } else {
      size_t end = at + 1;
      if (wordStart(c)) {
        while (end < text.size() && wordPart(text[end])) end++;
      } else if (std::isdigit(static_cast<unsigned char>(c))) {
        // ' separates digits.
        while (end < text.size() && (wordPart(text[end]) || text[end] == '.' || text[end] == '\'')) end++;
      } else if (c == '"' || c == '\'') {
        end = endOfQuoted(text, at);
      }
      tokens.push_back({at, end, text.substr(at, end - at)});
      at = end;
      lineStart = false;
    }
  }
  return tokens;
}

class Translator {
 public:
  explicit Translator(const std::string& text) : text_(text), tokens_(tokenise(text)) {}

  Translation run() {
    for (size_t i = 0; i < tokens_.size(); i++) {
      const std::string& word = tokens_[i].word;
      if (word == "{") {
        scopes_.push_back(opensLinkage(i));
      } else if (word == "}" && !scopes_.empty()) {
        scopes_.pop_back();
      } else if (word == "__global__") {
        kernel(i);
      } else if (word == "__launch_bounds__") {
        i = launchBounds(i);
      } else if (word == "__shared__") {
        i = sharedVariable(i);
      }
    }
    result_.text += text_.substr(copied_);
    result_.text += table();
    return std::move(result_);
  }

 private:
  struct Kernel {
    std::string name, bound;
  };

  const std::string& word(size_t i) const {
    static const std::string none;
    return i < tokens_.size() ? tokens_[i].word : none;
  }

  bool opensLinkage(size_t brace) const { return brace >= 2 && word(brace - 1) == "\"C\"" && word(brace - 2) == "extern"; }

  size_t statementStart(size_t i) const {
    while (i > 0 && word(i - 1) != ";" && word(i - 1) != "{" && word(i - 1) != "}") i--;
    return i;
  }

  // Copies what comes before a position, and goes on after another.
  void replace(size_t begin, size_t end, const std::string& with) {
    if (begin > copied_) result_.text += text_.substr(copied_, begin - copied_);
    result_.text += with;
    copied_ = end;
  }

  size_t closing(size_t open) const {
    int depth = 0;
    for (size_t i = open; i < tokens_.size(); i++) {
      if (word(i) == "(") depth++;
      if (word(i) == ")" && --depth == 0) return i;
    }
    return tokens_.size() - 1;
  }

  // Notes a kernel with C linkage; others have a name that nobody asks for.
  void kernel(size_t i) {
    replace(tokens_[i].begin, tokens_[i].end, "");
    bool linkage = false;
    for (bool scope : scopes_) linkage = linkage || scope;
    for (size_t j = statementStart(i); j < i; j++) linkage = linkage || word(j) == "\"C\"";
    std::string bound = "0";
    size_t j = i + 1;
    for (; j < tokens_.size() && word(j) != ";" && word(j) != "{"; j++) {
      if (word(j) == "__launch_bounds__") {
        bound = firstArgument(j);
        j = closing(j + 1);
      } else if (word(j + 1) == "(" && wordStart(word(j)[0]) && word(j) != "__attribute__" && word(j) != "__align__") {
        break;
      }
    }
    if (linkage && wordStart(word(j)[0]) && known_.insert(word(j)).second) kernels_.push_back({word(j), bound});
  }

  std::string firstArgument(size_t launchBoundsAt) const {
    size_t end = closing(launchBoundsAt + 1);
    int depth = 0;
    size_t i = launchBoundsAt + 2;
    for (; i < end; i++) {
      if (word(i) == "(") depth++;
      if (word(i) == ")") depth--;
      if (word(i) == "," && depth == 0) break;
    }
    return text_.substr(tokens_[launchBoundsAt + 2].begin, tokens_[i].begin - tokens_[launchBoundsAt + 2].begin);
  }

  size_t launchBounds(size_t i) {
    size_t end = closing(i + 1);
    replace(tokens_[i].begin, tokens_[end].end, "");
    return end;
  }

  void error(size_t i, const std::string& message) {
    // The line, from the last marker `# line "file"` on.
    std::string file = "kernel";
    int line = 1;
    for (size_t at = 0; at < tokens_[i].begin;) {
      size_t end = text_.find('\n', at);
      if (text_[at] == '#' && text_.compare(at, 2, "# ") == 0) {
        line = std::atoi(text_.c_str() + at + 2);
        size_t open = text_.find('"', at), close = text_.find('"', open + 1);
        if (close < end) file = text_.substr(open + 1, close - open - 1);
      } else if (end < tokens_[i].begin) {
        line++;
      }
      if (end == std::string::npos) break;
      at = end + 1;
    }
    result_.errors += file + "(" + std::to_string(line) + "): error: " + message + "\n";
  }

  bool insideFunction() const {
    for (bool linkage : scopes_) {
      if (!linkage) return true;
    }
    return false;
  }

  // [extern|static] __shared__ type name[..], other; becomes a type and a reference for each name.
  size_t sharedVariable(size_t i) {
    result_.shared = true;
    size_t start = statementStart(i), end = i;
    while (end < tokens_.size() && word(end) != ";" && word(end) != "{" && word(end) != "=") end++;
    if (word(end) != ";") {
      error(i, "a __shared__ variable cannot have an initializer, nor a type of its own in the simulator");
      return i;
    }
    if (!insideFunction()) {
      error(i, "the simulator takes __shared__ variables inside of functions only");
      return i;
    }
    bool dynamic = false;
    // The declaration with a type's name in place of each variable's.
    std::string types = "typedef ";
    std::vector<std::string> names;
    int angle = 0, square = 0;
    for (size_t j = start; j < end; j++) {
      const std::string& w = word(j);
      const std::string& next = word(j + 1);
      dynamic = dynamic || w == "extern";
      if (w == "extern" || w == "static" || w == "__shared__") continue;
      if (w == "[") square++;
      if (w == "]") square--;
      if (square == 0 && (w == "<" || w == ">")) angle += w == "<" ? 1 : -1;
      bool declarator = square == 0 && angle == 0 && wordStart(w[0]) && (next == "[" || next == "," || next == ";");
      if (declarator) names.push_back(w);
      types += (declarator ? "LimbicSimType_" : "") + (w == "alignas" ? "__align__" : w) + " ";
    }
    types += "; ";
    replace(tokens_[start].begin, tokens_[end].end, types + (dynamic ? dynamicText(names) : staticText(names)));
    return end;
  }

  static std::string staticText(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
      std::string type = "LimbicSimType_" + name, place = "limbicSimPlace_" + name;
      text += "static LimbicSimShared " + place + "; " + type + "& " + name + " = *static_cast<" + type + "*>(" + place
          + ".open(sizeof(" + type + "), alignof(" + type + "), \"" + name + "\"));";
    }
    return text;
  }

  static std::string dynamicText(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
      std::string element = "LimbicSimElement_" + name;
      // The type of an element keeps further dimensions.
      text += "typedef __typeof__((*static_cast<LimbicSimType_" + name + "*>(nullptr))[0]) " + element + "; " + element
          + "* const " + name + " = static_cast<" + element + "*>(limbicSimDynamic());";
    }
    return text;
  }

  std::string table() const {
    std::string text = "\n# 1 \"kernels\"\nstatic const LimbicSimKernel limbicSimKernels[] = {\n";
    for (const Kernel& k : kernels_) text += "LIMBIC_SIM_KERNEL(" + k.name + ", (" + k.bound + ")),\n";
    text += "{nullptr, nullptr, 0, nullptr, nullptr, 0}};\n";
    text += "extern \"C\" __attribute__((visibility(\"default\"))) LimbicSimModule limbicSimModule = {LIMBIC_SIM_BUILD, "
        + std::to_string(kernels_.size()) + ", limbicSimKernels, &limbicSim};\n";
    return text;
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  // For each open brace: whether it is that of extern "C".
  std::vector<bool> scopes_;
  std::vector<Kernel> kernels_;
  std::set<std::string> known_;
  Translation result_;
  size_t copied_ = 0;
};

}  // namespace

Translation translate(const std::string& preprocessed) { return Translator(preprocessed).run(); }

}  // namespace nvrtc
