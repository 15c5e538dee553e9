#include "middleware/members.hpp"

#include "base/text.hpp"
#include "middleware/door.hpp"
#include "reflect/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace codi::middleware {
namespace {

using reflect::Member;
using reflect::Scalar;

template <class Number>
json::value number_or_text(std::string_view text) {
  Number number{};
  auto const* const begin = text.data();
  auto const* const end = begin + text.size();
  auto const [stopped, ec] = std::from_chars(begin, end, number);
  if (ec != std::errc() || stopped != end) return json::string(text);
  return number;
}

json::value value_of(std::string_view text, Scalar scalar) {
  switch (scalar) {
    case Scalar::integer: return number_or_text<std::int64_t>(text);
    case Scalar::number: return number_or_text<double>(text);
    case Scalar::boolean:
      if (text == "true") return true;
      if (text == "false") return false;
      return json::string(text);
    case Scalar::string:
    case Scalar::json: return json::string(text);
  }
  return nullptr;
}

constexpr std::string_view kDocumentType = "text/markdown";

Error media_type_error(std::string_view sent, bool takes_document) {
  Error error;
  error.code = ErrorCode::unsupported_media_type;
  error.detail = fmt::format("the body is {}, and only application/json{} without a Content-Encoding is read",
                             sent.empty() ? "encoded" : "of another media type",
                             takes_document ? fmt::format(" or {}", kDocumentType) : "");
  return error;
}

// One request's way into one object.
class Gathering {
 public:
  Gathering(RouteMatch const& route, Url const& url, HttpRequest const& request)
      : route_(route),
        operation_(*route.operation),
        door_(form_of(operation_.meta.door)),
        url_(url),
        request_(request) {}

  GatheredMembers run() {
    for (auto const& [name, text] : route_.parameters) {
      auto const* member = find(name);
      members_[name] = value_of(text, member ? member->scalar : Scalar::string);
    }
    if (auto error = read_query()) return {.malformed = std::move(error)};
    if (auto error = read_body()) return {.malformed = std::move(error)};
    if (!problems_.empty()) return {.malformed = problems_.take()};
    return {.members = std::move(members_)};
  }

 private:
  [[nodiscard]] Member const* find(std::string_view name) const {
    auto const found =
        std::ranges::find_if(operation_.inputs, [&](Member const& member) { return member.field.name == name; });
    return found == operation_.inputs.end() ? nullptr : &*found;
  }

  [[nodiscard]] bool is_path_parameter(std::string_view name) const {
    return std::ranges::any_of(route_.parameters, [&](auto const& parameter) { return parameter.first == name; });
  }

  [[nodiscard]] bool takes_query() const {
    return operation_.meta.method == api::Method::get || operation_.meta.method == api::Method::delete_;
  }

  std::optional<Error> read_query() {
    auto const items = parse_query(url_.query);
    if (!items) return items.error();
    for (auto const& [name, text] : *items) {
      auto const* member = takes_query() && !is_path_parameter(name) ? find(name) : nullptr;
      auto const pointer = reflect::pointer_to("", name);
      if (!member && door_.ignores_the_unknown) continue;
      if (!member) {
        problems_.add(pointer, "unknown query parameter");
      } else if (member->is_array) {
        auto& list = members_[name];
        if (!list.is_array()) list = json::array();
        list.get_array().push_back(value_of(text, member->scalar));
      } else if (members_.contains(name)) {
        problems_.add(pointer, "stands twice in the query");
      } else {
        members_[name] = value_of(text, member->scalar);
      }
    }
    return std::nullopt;
  }

  std::optional<Error> read_body() {
    if (request_.body.empty()) return std::nullopt;
    if (operation_.meta.method == api::Method::get) {
      problems_.add("", "a GET request has no body");
      return std::nullopt;
    }
    if (is_document()) return take_document();
    if (auto error = check_media_type()) return error;
    auto parsed = reflect::parse_json(request_.body);
    if (!parsed) return std::move(parsed.error());
    if (!parsed->is_object()) {
      problems_.add("", "the body must be a JSON object");
      return std::nullopt;
    }
    for (auto& [name, value] : parsed->get_object()) {
      if (is_path_parameter(name))
        problems_.add(reflect::pointer_to("", name), "unknown member: it stands in the path");
      else if (members_.contains(name))
        problems_.add(reflect::pointer_to("", name), "stands in the query and in the body");
      else if (find(name) || !door_.ignores_the_unknown)
        members_[name] = std::move(value);
    }
    return std::nullopt;
  }

  [[nodiscard]] bool is_encoded() const {
    return request_.headers.find("Content-Encoding").value_or("identity") != "identity";
  }
  [[nodiscard]] std::optional<std::string> media_type() const {
    auto const sent = request_.headers.find("Content-Type");
    if (!sent) return std::nullopt;
    return to_lower_ascii(trim(sent->substr(0, sent->find(';'))));
  }

  [[nodiscard]] bool is_document() const {
    return !operation_.meta.document.empty() && !is_encoded() && media_type() == kDocumentType;
  }
  std::optional<Error> take_document() {
    if (!is_valid_utf8(request_.body)) {
      Error error{.code = ErrorCode::validation, .detail = "the document is not UTF-8", .status = 400};
      error.errors.push_back({"", "is not UTF-8"});
      return error;
    }
    members_[operation_.meta.document] = json::string(request_.body);
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Error> check_media_type() const {
    if (is_encoded()) return media_type_error({}, !operation_.meta.document.empty());
    auto const sent = media_type();
    if (!sent) return std::nullopt;
    auto const& type = *sent;
    if (type == "application/json" || type == door_.media_type) return std::nullopt;
    return media_type_error(type, !operation_.meta.document.empty());
  }

  RouteMatch const& route_;
  api::Operation const& operation_;
  DoorForm const& door_;
  Url const& url_;
  HttpRequest const& request_;
  json::object members_;
  reflect::Problems problems_;
};

}  // namespace

GatheredMembers gather_members(RouteMatch const& route, Url const& url, HttpRequest const& request) {
  return Gathering(route, url, request).run();
}

}  // namespace codi::middleware
