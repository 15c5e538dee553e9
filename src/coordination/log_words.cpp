#include "coordination/log_words.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace codi::coordination {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Takes an unquoted word from the front of `text`.
std::string take_plain(std::string_view& text) {
  std::string word;
  int braces = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    char const c = text[at];
    if (is_space(c) || (braces == 0 && (c == ',' || c == ';'))) break;
    if (c == '{') ++braces;
    if (c == '}' && braces > 0) --braces;
    bool const kept_space = c == '\\' && at + 1 < text.size() && text[at + 1] == ' ';
    if (kept_space) ++at;
    word += text[at];
  }
  text.remove_prefix(at);
  return word;
}

enum class TokenKind { word, number, percent, clause_end };

struct Token {
  TokenKind kind;
  std::string word = {};  // lower-case
  double value = 0;
};

template <std::size_t N>
bool one_of(std::string_view word, std::array<std::string_view, N> const& words) {
  return std::ranges::find(words, word) != words.end();
}

Token read_token(std::string_view text) {
  double value = 0;
  auto const* const end = std::to_address(text.end());
  bool const digits = is_digit(text.front());
  auto const [rest, error] = std::from_chars(std::to_address(text.begin()), end, value, std::chars_format::fixed);
  bool const number = digits && error == std::errc() && is_digit(rest[-1]) && value <= 100;
  if (number && rest == end) return {TokenKind::number, {}, value};
  if (number && std::string_view(rest, end) == "%") return {TokenKind::percent, {}, value};
  return {TokenKind::word, to_lower_ascii(text)};
}

// A comma between digits stays in its token: what it means differs by country, so that `1,5%` is no number.
bool joins_digits(std::string_view text, std::size_t at) {
  return at > 0 && at + 1 < text.size() && is_digit(text[at - 1]) && is_digit(text[at + 1]);
}

bool ends_clause(std::string_view text, std::size_t at) {
  char const c = text[at];
  if (c == ';' || c == '\n' || c == '!' || c == '?') return true;
  if (c == ',') return !joins_digits(text, at);
  return c == '.' && (at + 1 == text.size() || is_space(text[at + 1]));
}

bool separates(char c) {
  constexpr std::string_view kSeparators = ":=()[]<>~*\"'`|";
  return is_space(c) || static_cast<unsigned char>(c) >= 0x80 || kSeparators.find(c) != std::string_view::npos;
}

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t begin = 0;
  auto const close = [&](std::size_t end) {
    if (end > begin) tokens.push_back(read_token(text.substr(begin, end - begin)));
    bool const unit = !tokens.empty() && (tokens.back().word == "%" || tokens.back().word == "percent");
    if (unit && tokens.size() > 1 && tokens[tokens.size() - 2].kind == TokenKind::number) {
      tokens.pop_back();
      tokens.back().kind = TokenKind::percent;
    }
    begin = end + 1;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    bool const clause = ends_clause(text, at);
    if (!clause && !separates(text[at])) continue;
    close(at);
    if (clause) tokens.push_back({TokenKind::clause_end});
  }
  close(text.size());
  tokens.push_back({TokenKind::clause_end});
  return tokens;
}

class PercentageFinder {
 public:
  explicit PercentageFinder(std::string_view text) : tokens_(tokenize(text)) {}

  Percentages find() {
    for (; at_ < tokens_.size(); ++at_) step();
    return found_;
  }

 private:
  void step() {
    auto const& token = tokens_[at_];
    if (token.kind == TokenKind::clause_end || token.word == "progress") in_coverage_ = false;
    if (token.word == "coverage") in_coverage_ = true;
    bool const told = token.kind == TokenKind::percent || token.kind == TokenKind::number;
    if (!told || word_at(at_ - 1) == "from") return;
    if (in_coverage_) {
      bool const counts = token.kind == TokenKind::percent || follows_coverage();
      if (counts && !found_.coverage && !leads_to_another()) found_.coverage = token.value;
    } else if (token.kind == TokenKind::percent) {
      auto& field = stands_before_coverage() ? found_.coverage : found_.progress;
      field = token.value;
    }
  }

  // The word at `at`; "" for a number, the end of a clause and beyond the tokens.
  [[nodiscard]] std::string_view word_at(std::size_t at) const {
    return at < tokens_.size() ? std::string_view(tokens_[at].word) : std::string_view();
  }

  [[nodiscard]] bool is_number(std::size_t at) const {
    return at < tokens_.size() && (tokens_[at].kind == TokenKind::percent || tokens_[at].kind == TokenKind::number);
  }

  // `coverage 96`, `coverage is now at 96`: nothing but filling words between.
  [[nodiscard]] bool follows_coverage() const {
    constexpr std::array<std::string_view, 8> kFilling{"at", "is",      "now",     "of",
                                                       "to", "reached", "reaches", "currently"};
    auto before = at_ - 1;
    while (one_of(word_at(before), kFilling)) --before;
    return word_at(before) == "coverage";
  }

  // `90% to 96%`, `90% -> 96%`: what counts is where it led.
  [[nodiscard]] bool leads_to_another() const {
    constexpr std::array<std::string_view, 3> kArrows{"to", "->", "-"};
    return is_number(at_ + 1) || (one_of(word_at(at_ + 1), kArrows) && is_number(at_ + 2));
  }

  // `96% test coverage`, unless a number follows there as well.
  [[nodiscard]] bool stands_before_coverage() const {
    constexpr std::array<std::string_view, 7> kQualities{"test", "code",      "line",   "branch",
                                                         "unit", "statement", "overall"};
    auto after = at_ + 1;
    while (one_of(word_at(after), kQualities)) ++after;
    if (found_.coverage || word_at(after) != "coverage") return false;
    for (; tokens_[after].kind != TokenKind::clause_end; ++after)
      if (is_number(after)) return false;
    return true;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool in_coverage_ = false;
  Percentages found_;
};

}  // namespace

Words split_words(std::string_view text) {
  constexpr std::string_view kQuotes = "'\"`";
  Words out;
  while (!text.empty()) {
    if (is_space(text.front()) || text.front() == ',' || text.front() == ';') {
      text.remove_prefix(1);
      continue;
    }
    bool const opens = kQuotes.find(text.front()) != std::string_view::npos;
    auto const closing = opens ? text.find(text.front(), 1) : std::string_view::npos;
    if (closing == std::string_view::npos) {
      out.unclosed_quote = out.unclosed_quote || opens;
      out.words.push_back({take_plain(text), false});
      continue;
    }
    if (closing > 1) out.words.push_back({std::string(text.substr(1, closing - 1)), true});
    text.remove_prefix(closing + 1);
  }
  return out;
}

Percentages find_percentages(std::string_view text) { return PercentageFinder(text).find(); }

}  // namespace codi::coordination
