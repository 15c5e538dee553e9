#include "reflect/decode.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <system_error>
#include <unordered_set>

namespace codi::reflect {
namespace {

constexpr auto kTooLarge = boost::system::errc::result_out_of_range;

// The double that is nearest to what is written; nothing when none is near. The parser's own may be off in the last
// digits, and is infinite for 1e400, which JSON can't say.
std::optional<double> nearest_double(std::string_view text, double parsed) {
  auto const* const end = std::to_address(text.end());
  auto const [rest, error] = std::from_chars(std::to_address(text.begin()), end, parsed);
  if (error == std::errc::result_out_of_range && std::abs(parsed) < 1) parsed = 0;  // 1e-400
  if (!std::isfinite(parsed)) return std::nullopt;
  return parsed;
}

// What a parser tells of a text, none of it looked at; whoever looks at something hides that.
struct Unheeded {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using ErrorCodeRef = boost::system::error_code&;
  using Text = json::string_view;

  bool on_document_begin(ErrorCodeRef) { return true; }
  bool on_document_end(ErrorCodeRef) { return true; }
  bool on_object_begin(ErrorCodeRef) { return true; }
  bool on_object_end(std::size_t, ErrorCodeRef) { return true; }
  bool on_array_begin(ErrorCodeRef) { return true; }
  bool on_array_end(std::size_t, ErrorCodeRef) { return true; }
  bool on_key_part(Text, std::size_t, ErrorCodeRef) { return true; }
  bool on_key(Text, std::size_t, ErrorCodeRef) { return true; }
  bool on_string_part(Text, std::size_t, ErrorCodeRef) { return true; }
  bool on_string(Text, std::size_t, ErrorCodeRef) { return true; }
  bool on_number_part(Text, ErrorCodeRef) { return true; }
  bool on_int64(std::int64_t, Text, ErrorCodeRef) { return true; }
  bool on_uint64(std::uint64_t, Text, ErrorCodeRef) { return true; }
  bool on_double(double, Text, ErrorCodeRef) { return true; }
  bool on_bool(bool, ErrorCodeRef) { return true; }
  bool on_null(ErrorCodeRef) { return true; }
  bool on_comment_part(Text, ErrorCodeRef) { return true; }
  bool on_comment(Text, ErrorCodeRef) { return true; }
};

// Builds a json::value as json::parser does, and counts the members that were sent. Of two members of one name
// json::object keeps one, so a value that has fewer has lost one.
struct Handler : Unheeded {
  json::value_stack stack;
  std::size_t members = 0;

  bool on_object_end(std::size_t n, ErrorCodeRef) {
    members += n;
    stack.push_object(n);
    return true;
  }
  bool on_array_end(std::size_t n, ErrorCodeRef) {
    stack.push_array(n);
    return true;
  }
  bool on_key_part(Text part, std::size_t, ErrorCodeRef) {
    stack.push_chars(part);
    return true;
  }
  bool on_key(Text part, std::size_t, ErrorCodeRef) {
    stack.push_key(part);
    return true;
  }
  bool on_string_part(Text part, std::size_t, ErrorCodeRef) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(Text part, std::size_t, ErrorCodeRef) {
    stack.push_string(part);
    return true;
  }
  bool on_int64(std::int64_t v, Text, ErrorCodeRef) {
    stack.push_int64(v);
    return true;
  }
  bool on_uint64(std::uint64_t v, Text, ErrorCodeRef) {
    stack.push_uint64(v);
    return true;
  }
  bool on_double(double v, Text text, ErrorCodeRef ec) {
    auto const number = nearest_double({text.data(), text.size()}, v);
    if (!number) {
      ec = make_error_code(kTooLarge);
      return false;
    }
    stack.push_double(*number);
    return true;
  }
  bool on_bool(bool v, ErrorCodeRef) {
    stack.push_bool(v);
    return true;
  }
  bool on_null(ErrorCodeRef) {
    stack.push_null();
    return true;
  }
};

std::size_t count_members(json::value const& value) {
  std::size_t out = 0;
  if (auto const* object = value.if_object()) {
    out = object->size();
    for (auto const& [name, item] : *object) out += count_members(item);
  } else if (auto const* array = value.if_array()) {
    for (auto const& item : *array) out += count_members(item);
  }
  return out;
}

// Looks for the member that stands twice, in a text that has one.
struct DuplicateFinder : Unheeded {
  std::vector<std::unordered_set<std::string>> names;
  std::string name;

  bool on_object_begin(ErrorCodeRef) {
    names.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, ErrorCodeRef) {
    names.pop_back();
    return true;
  }
  bool on_key_part(Text part, std::size_t, ErrorCodeRef) {
    name.append(part);
    return true;
  }
  bool on_key(Text part, std::size_t, ErrorCodeRef ec) {
    name.append(part);
    if (names.back().insert(name).second) {
      name.clear();
      return true;
    }
    ec = make_error_code(boost::system::errc::invalid_argument);
    return false;
  }
};

std::unexpected<Error> unparsable(std::string detail) {
  Error error;
  error.code = ErrorCode::validation;
  error.status = 400;
  error.errors.push_back({"", detail});
  error.detail = std::move(detail);
  return std::unexpected(std::move(error));
}

json::parse_options options() {
  json::parse_options out;
  out.max_depth = limits::kJsonDepth;
  return out;
}

std::unexpected<Error> stands_twice(std::string_view text) {
  json::basic_parser<DuplicateFinder> parser(options());
  boost::system::error_code ec;
  auto const used = parser.write_some(false, text.data(), text.size(), ec);
  return unparsable(fmt::format("member \"{}\" stands twice in one object, at byte {}", parser.handler().name, used));
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::basic_parser<Handler> parser(options());
  auto& handler = parser.handler();
  handler.stack.reset();
  boost::system::error_code ec;
  auto const used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec == make_error_code(kTooLarge)) return unparsable(fmt::format("a number is too large, at byte {}", used));
  if (ec) return unparsable(fmt::format("not JSON: {} at byte {}", ec.message(), used));
  if (used != text.size()) return unparsable(fmt::format("not JSON: text after the value, at byte {}", used));
  auto value = handler.stack.release();
  if (handler.members != count_members(value)) return stands_twice(text);
  return value;
}

std::string Where::pointer() const {
  if (above == nullptr) return {};
  return item ? fmt::format("{}/{}", above->pointer(), *item) : pointer_to(above->pointer(), member);
}

Error Problems::take() {
  Error error;
  error.code = ErrorCode::validation;
  auto const& first = errors_.front();
  error.detail = first.pointer.empty() ? first.detail : first.pointer + " " + first.detail;
  if (errors_.size() > 1) error.detail += fmt::format(" (and {} more)", errors_.size() - 1);
  error.errors = std::move(errors_);
  return error;
}

std::string pointer_to(std::string const& parent, std::string_view member) {
  auto out = parent + '/';
  for (char const c : member) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::optional<std::string_view> Decoder::text_of(json::value const& in, Field const& f, Where const& at) {
  if (!in.is_string()) {
    problems_.add(at, "must be a string");
    return std::nullopt;
  }
  auto const& text = in.get_string();
  if (text.size() < f.min_length || text.size() > f.max_length) {
    problems_.add(at, f.min_length > 0 && text.size() < f.min_length
                          ? (f.min_length == 1 ? std::string("must not be empty")
                                               : fmt::format("must have at least {} bytes", f.min_length))
                          : fmt::format("must have at most {} bytes, has {}", f.max_length, text.size()));
    return std::nullopt;
  }
  return std::string_view(text);
}

json::array const* Decoder::array_of(json::value const& in, Field const& f, Where const& at) {
  if (!in.is_array()) {
    problems_.add(at, "must be an array");
    return nullptr;
  }
  auto const& items = in.get_array();
  if (items.size() < f.min_items || items.size() > f.max_items) {
    problems_.add(at, items.size() < f.min_items
                          ? fmt::format("must have at least {} items", f.min_items)
                          : fmt::format("must have at most {} items, has {}", f.max_items, items.size()));
    return nullptr;
  }
  return &items;
}

void Decoder::read(json::value const& in, bool& out, Field const&, Where const& at) {
  if (!in.is_bool()) return problems_.add(at, "must be true or false");
  out = in.get_bool();
}

void Decoder::read(json::value const& in, std::string& out, Field const& f, Where const& at) {
  if (auto const text = text_of(in, f, at)) out = *text;
}

void Decoder::read(json::value const& in, std::int64_t& out, Field const& f, Where const& at) {
  boost::system::error_code ec;
  auto const number = in.to_number<std::int64_t>(ec);  // takes 5.0, refuses 5.5 and what does not fit
  if (ec) return problems_.add(at, "must be a whole number");
  if (number < f.min || number > f.max) return problems_.add(at, fmt::format("must be from {} to {}", f.min, f.max));
  out = number;
}

void Decoder::read(json::value const& in, double& out, Field const&, Where const& at) {
  if (!in.is_number()) return problems_.add(at, "must be a number");
  out = in.to_number<double>();
}

void Decoder::read(json::value const& in, Timestamp& out, Field const& f, Where const& at) {
  auto const text = text_of(in, f, at);
  if (!text) return;
  if (auto const time = parse_timestamp(*text))
    out = *time;
  else
    problems_.add(at, "must be a time like 2026-01-31T09:30:00Z (RFC 3339)");
}

void Decoder::read(json::value const& in, Stamp& out, Field const& f, Where const& at) {
  auto const text = text_of(in, f, at);
  if (!text) return;
  if (auto const stamp = parse_stamp(*text))
    out = *stamp;
  else
    problems_.add(at, "must be a cursor or fencing token as an answer of this server gave it");
}

void Decoder::read(json::value const& in, json::object& out, Field const& f, Where const& at) {
  if (!in.is_object()) return problems_.add(at, "must be an object");
  if (f.has_length() && encode_text(in).size() > f.max_length)
    return problems_.add(at, fmt::format("must have at most {} bytes of JSON", f.max_length));
  out = in.get_object();
}

}  // namespace codi::reflect
