#include "cli/generic.hpp"

#include "base/text.hpp"
#include "cli/duration.hpp"
#include "cli/json_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace codi::cli {
namespace {

std::string dashed(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

bool contains(auto const& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

bool names_project(api::Operation const& operation) { return operation.meta.path.ends_with("/projects/{project}"); }

// Filled from the settings, not by options of the verb.
bool is_setting(api::Operation const& operation, std::string_view name) {
  return name == "session" || (name == "project" && !names_project(operation));
}

Take take_of(reflect::Member const& member) {
  using enum reflect::Scalar;
  switch (member.scalar) {
    case string: return Take::text;
    case integer: return member.field.name == "expires_in" ? Take::duration : Take::integer;
    case number: return Take::number;
    case boolean: return Take::yes_no;
    case json: return Take::json;
  }
  return Take::text;
}

Option option_of(reflect::Member const& member, api::Operation const& operation) {
  auto const& name = member.field.name;
  bool const in_path = contains(path_members(operation.meta.path), name);
  bool const shown_project = name == "project" && operation.meta.method != api::Method::delete_;
  Option out{.name = in_path ? to_upper_ascii(name) : dashed(name),
             .doc = std::string(member.field.doc),
             .take = take_of(member),
             .positional = in_path,
             .many = member.is_array,
             .required = member.required && !shown_project,
             .choices = member.choices,
             .member = std::string(name)};
  if (out.take == Take::yes_no) out.choices.clear();
  constexpr std::size_t kChoicesInUsage = 5;
  if (out.choices.size() > kChoicesInUsage) out.value_name = to_upper_ascii(name);
  return out;
}

std::vector<std::string_view> secrets_of(std::vector<reflect::Member> const& members) {
  std::vector<std::string_view> out;
  for (auto const& member : members)
    if (member.field.is_secret) out.push_back(member.field.name);
  return out;
}

Outcome<json::object> members_for(Context& context, api::Operation const& operation, Verb const& verb,
                                  Arguments const& arguments) {
  auto const& flags = context.flags();
  auto members = members_of(verb.options, arguments);
  for (auto const& input : operation.inputs) {
    std::string const name(input.field.name);
    if (name == "session" && input.required) {
      auto session = context.session();
      if (!session) return pass_on(session);
      members[name] = *session;
    } else if (name == "session" && flags.session) {
      // One that may be left out changes what is asked for: it filters, or speaks for a role. Only who names it here
      // means that.
      members[name] = *flags.session;
    } else if (name == "project" && !input.required && flags.project) {
      members[name] = *flags.project;
    } else if (input.field.is_secret) {
      auto secret = read_secret(context.shell(), name + ": ");
      if (!secret && input.required) return complain(Exit::usage, name + " is read from the input, which has ended");
      if (secret) members[name] = *secret;
    }
  }
  return members;
}

// A list that is answered in pages.
bool is_list(api::Operation const& operation) {
  return std::ranges::any_of(operation.inputs, [](auto const& member) { return member.field.name == "after"; });
}

Outcome<> run_generic(Context& context, api::Operation const& operation, Verb const& verb, Arguments const& arguments) {
  if (!secrets_of(operation.outputs).empty() && !context.shows_secrets())
    return complain(
        Exit::usage,
        fmt::format("the answer holds a secret that is shown this once: {}", secrets_of(operation.outputs)[0]),
        {fmt::format("Add --show-token: `codi {} … --show-token`.", verb.words)});
  auto members = members_for(context, operation, verb, arguments);
  if (!members) return pass_on(members);
  json::value answer;
  if (is_list(operation)) {
    auto items = context.list(operation.meta.id, std::move(*members));
    if (!items) return pass_on(items);
    answer = std::move(*items);
  } else {
    auto reply = context.call(operation.meta.id, std::move(*members));
    if (!reply) return pass_on(reply);
    answer = std::move(reply->body);
  }
  if (context.json())
    context.print_json(std::move(answer), &operation);
  else
    print_answer(context, answer);
  return {};
}

bool is_scalar(json::value const& value) { return !value.is_object() && !value.is_null(); }

Tone tone_of(std::string_view name, json::value const& value) {
  if (name == "id") return Tone::dim;
  return name == "slug" || name == "alias" || name == "email" || (name == "name" && value.is_string()) ? Tone::bold
                                                                                                       : Tone::plain;
}

void print_table(Context const& context, json::array const& items) {
  std::vector<std::string> columns;
  for (auto const& item : items)
    if (item.is_object())
      for (auto const& [key, value] : item.get_object()) {
        std::string const name(key);
        bool const noise = name == "updated_at" || (name != "id" && name.ends_with("_id"));
        if (!noise && is_scalar(value) && !contains(columns, name)) columns.push_back(name);
      }
  std::vector<std::string> headers;
  headers.reserve(columns.size());
  for (auto const& column : columns)
    headers.push_back(to_upper_ascii(column.ends_with("_at") ? column.substr(0, column.size() - 3) : column));
  Table table(std::move(headers));
  for (auto const& item : items) {
    std::vector<Cell> row;
    for (auto const& column : columns) {
      auto const* const value = member_of(item, column);
      if (value == nullptr)
        row.emplace_back();
      else
        row.push_back({shorten(shown_member(*value, column, context.now()), 60), tone_of(column, *value)});
    }
    table.add(std::move(row));
  }
  table.print(context.shell().out, context.out_style());
}

// Null, or an object of nothing else.
bool says_nothing(json::value const& value) {
  if (!value.is_object()) return value.is_null();
  return std::ranges::all_of(value.get_object(), [](auto const& member) { return says_nothing(member.value()); });
}

void print_object(Context const& context, json::object const& object, std::string const& indent) {
  std::size_t width = 0;
  for (auto const& member : object) width = std::max(width, member.key().size());
  auto& out = context.shell().out;
  for (auto const& [key, value] : object) {
    std::string const name(key);
    bool const is_default = name == "quotas" && says_nothing(value);
    if (says_nothing(value) && !is_default) continue;
    out << indent << context.out_style().paint(Tone::dim, name);
    if (value.is_object() && !is_default) {
      out << '\n';
      print_object(context, value.get_object(), indent + "  ");
    } else {
      auto const text = is_default ? "the server's defaults" : shown_member(value, name, context.now());
      out << std::string(width - name.size() + 2, ' ') << text << '\n';
    }
  }
}

}  // namespace

std::vector<Option> options_of(api::Operation const& operation, std::vector<std::string_view> const& without) {
  constexpr std::string_view kSeconds = "_seconds";
  std::vector<Option> out;
  for (auto const& member : operation.inputs) {
    auto const name = member.field.name;
    if (contains(without, name) || is_setting(operation, name) || member.field.is_secret) continue;
    out.push_back(option_of(member, operation));
    if (!name.ends_with(kSeconds)) continue;
    auto friendly = out.back();
    friendly.name = dashed(name.substr(0, name.size() - kSeconds.size()));
    friendly.take = Take::duration;
    friendly.doc = fmt::format("The same as --{}, as a time: 90s, 30m, 2h, 1d.", dashed(name));
    out.push_back(std::move(friendly));
  }
  return out;
}

std::vector<Verb> generic_verbs(Catalog const& catalog, std::span<Verb const> made) {
  std::vector<Verb> out;
  for (auto const& operation : catalog.operations()) {
    auto const& meta = operation.meta;
    bool const covered = std::ranges::any_of(
        made, [&](Verb const& verb) { return verb.words == meta.cli || contains(verb.covers, meta.id); });
    if (meta.cli.empty() || covered) continue;
    Verb verb{.words = std::string(meta.cli),
              .summary = std::string(meta.summary),
              .description = std::string(meta.description),
              .options = options_of(operation)};
    verb.examples.push_back(
        {fmt::format("codi {}{}{}", meta.cli, meta.cli_example.empty() ? "" : " ", meta.cli_example)});
    verb.run = [&operation, described = verb](Context& context, Arguments const& arguments) {
      return run_generic(context, operation, described, arguments);
    };
    out.push_back(std::move(verb));
  }
  return out;
}

std::string shown_member(json::value const& value, std::string_view name, Timestamp now) {
  if (value.is_null()) return {};
  if (value.is_array()) {
    std::string out;
    for (auto const& item : value.get_array()) out += (out.empty() ? "" : ", ") + shown_member(item, "", now);
    return out;
  }
  if (!value.is_string()) return compact(value);
  std::string const text(value.get_string());
  auto const at = name.ends_with("_at") || name == "at" ? parse_timestamp(text) : std::nullopt;
  return at ? relative_time(now, *at) : printable(text);
}

void print_answer(Context const& context, json::value const& answer) {
  if (!answer.is_object()) return;
  auto const* const items = member_of(answer, "items");
  if (items == nullptr || !items->is_array()) return print_object(context, answer.get_object(), "");
  if (items->get_array().empty())
    context.note("nothing there");
  else
    print_table(context, items->get_array());
  if (auto const next = text_of(answer, "next"); !next.empty()) context.note("there is more: --after " + next);
}

}  // namespace codi::cli
