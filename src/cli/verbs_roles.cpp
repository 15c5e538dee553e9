#include "cli/duration.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/role_files.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

// A role that has a document of its own does not lose it to a CODEOWNERS.
Outcome<bool> may_replace(Context& context, RoleFile const& file, FileRole const& role, bool replace) {
  if (!file.codeowners || replace) return true;
  auto const present = context.call("get_role", {{"name", role.name}});
  if (present) return text_of(present->body, "source") == file.source;
  if (text_of(present.error().problem, "code") == error_info(ErrorCode::not_found).text) return true;
  return std::unexpected(present.error());
}

std::string counted(json::value const& role, std::string_view name, std::string_view one, std::string_view more) {
  auto const count = items_of(role, name).size();
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

/// One import of any number of files. What is wrong with one does not keep the others out.
class Importing {
 public:
  Importing(Context& context, Arguments const& arguments) : context_(context), arguments_(arguments) {}

  Outcome<> run() {
    auto const files = arguments_.all("FILE");
    auto const name = arguments_.one("name");
    if (name && files.size() > 1) return complain(Exit::usage, "--name is for one file");
    for (auto const& typed : files) {
      auto file = read_role_file(context_, typed, name);
      if (!file && files.size() == 1) return pass_on(file);
      if (!file)
        wrong_.push_back(file.error().what);
      else if (auto done = import(*file); !done)
        return done;
    }
    if (context_.json()) context_.print_json(json::object{{"roles", std::move(put_)}});
    if (!wrong_.empty())
      return std::unexpected(
          Complaint{.exit = Exit::failed, .what = "not all was imported", .details = std::move(wrong_)});
    return {};
  }

 private:
  Outcome<> import(RoleFile& file) {
    for (auto const& [line, message] : file.errors)
      wrong_.push_back(located(file.source, static_cast<std::int64_t>(line), message));
    if (!file.errors.empty()) return {};
    for (auto& role : file.roles) {
      auto const may = may_replace(context_, file, role, arguments_.has("replace"));
      if (!may) return std::unexpected(may.error());
      if (!*may) {
        context_.note(fmt::format("{} keeps the document that it has; --replace puts what {} says in its place",
                                  role.name, file.source));
        continue;
      }
      auto reply = context_.call("put_role", std::move(role.members));
      if (!reply && is_about_the_role(reply.error())) {
        wrong_.push_back(located(file.source, std::nullopt, reply.error().what));
        for (auto const& detail : reply.error().details) wrong_.push_back(located(file.source, std::nullopt, detail));
        continue;
      }
      if (!reply) return std::unexpected(std::move(reply.error()));
      tell(file, reply->body);
      put_.push_back(std::move(reply->body));
    }
    return {};
  }

  // What the server refuses of this role, but may take of others; of no role when it is a matter of the caller.
  static bool is_about_the_role(Complaint const& complaint) {
    auto const code = text_of(complaint.problem, "code");
    return code == error_info(ErrorCode::validation).text || code == error_info(ErrorCode::conflict).text;
  }

  void tell(RoleFile const& file, json::value const& role) const {
    if (context_.json()) return;
    context_.shell().out << fmt::format(
        "imported  {}  from {}: {}, {}, {}, {}\n", printable(text_of(role, "name")), printable(file.source),
        counted(role, "boundaries", "boundary", "boundaries"), counted(role, "gates", "check", "checks"),
        counted(role, "triggers", "trigger", "triggers"), counted(role, "workflows", "workflow", "workflows"));
    for (auto const& finding : items_of(role, "findings")) {
      auto const* const line = member_of(finding, "line");
      auto const number = line != nullptr && line->is_int64() ? std::optional(line->get_int64()) : std::nullopt;
      context_.note(located(file.source, number, text_of(finding, "message")));
    }
  }

  Context& context_;
  Arguments const& arguments_;
  json::array put_;
  std::vector<std::string> wrong_;
};

Outcome<> import_roles(Context& context, Arguments const& arguments) { return Importing(context, arguments).run(); }

Outcome<> list_roles(Context& context, Arguments const&) {
  auto const found = context.list("list_roles", {});
  if (!found) return std::unexpected(found.error());
  if (context.json()) {
    context.print_json(*found);
    return {};
  }
  Table table({"ROLE", "OWNS", "CHECKS", "TRIGGERS", "FROM", "PURPOSE"});
  for (auto const& role : items_of(*found, "items"))
    table.add({{printable(text_of(role, "name")), Tone::bold},
               {std::to_string(items_of(role, "boundaries").size())},
               {std::to_string(items_of(role, "gates").size())},
               {std::to_string(items_of(role, "triggers").size())},
               {printable(text_of(role, "source")), Tone::dim},
               {shorten(printable(text_of(role, "purpose")), 60)}});
  if (table.empty())
    context.note("the project has no roles: `codi roles import FILE...` reads their documents");
  else
    table.print(context.shell().out, context.out_style());
  return {};
}

/// Prints a role part by part, each only where it has something.
class Showing {
 public:
  Showing(Context& context, json::value const& role) : context_(context), role_(role) {}

  void run() {
    auto& out = context_.shell().out;
    out << style_.paint(Tone::bold, printable(text_of(role_, "name"))) << '\n';
    if (auto const purpose = text_of(role_, "purpose"); !purpose.empty()) out << printable(purpose) << '\n';
    part("capabilities", "Can", text);
    part("boundaries", "Owns", pair("target", "note"));
    part("depends_on", "Depends on", pair("role", "what"));
    part("provides_to", "Provides to", pair("role", "what"));
    part("gates", "Is held to", [](json::value const& gate) {
      auto const* const threshold = member_of(gate, "threshold");
      return fmt::format("{} {} {}{}   ({})", text_of(gate, "measure"), text_of(gate, "op"),
                         threshold ? compact(*threshold) : "", text_of(gate, "unit"), text_of(gate, "name"));
    });
    part("triggers", "Hands over", [n = 0](json::value const& trigger) mutable {
      return fmt::format("{}. {}s to {} when: {}", ++n, text_of(trigger, "kind"), text_of(trigger, "to"),
                         text_of(trigger, "when"));
    });
    part("metrics", "Is measured by", text);
    part("tasks", "Tasks", text);
    part("workflows", "Workflows", [](json::value const& workflow) {
      auto shown = text_of(workflow, "name");
      for (std::size_t i = 0; i < items_of(workflow, "steps").size(); ++i)
        shown += fmt::format("\n{}. {}", i + 1, text(items_of(workflow, "steps")[i]));
      return shown;
    });
    part("patterns", "Patterns", text);
    part("anti_patterns", "Avoids", text);
    part("advice", "Kept as advice, to which nobody is held", text);
    part("findings", "About the document", [](json::value const& finding) {
      auto const* const line = member_of(finding, "line");
      return (line != nullptr && line->is_int64() ? fmt::format("line {}: ", line->get_int64()) : "") +
             text_of(finding, "message");
    });
  }

 private:
  static std::string text(json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : compact(value);
  }
  static std::function<std::string(json::value const&)> pair(std::string_view first, std::string_view second) {
    return [first, second](json::value const& value) {
      auto const note = text_of(value, second);
      return text_of(value, first) + (note.empty() ? "" : "   " + note);
    };
  }

  void part(std::string_view member, std::string_view title,
            std::function<std::string(json::value const&)> const& shown) {
    auto const& items = items_of(role_, member);
    if (items.empty()) return;
    auto& out = context_.shell().out;
    out << '\n' << style_.paint(Tone::cyan, title) << '\n';
    for (auto const& item : items) {
      std::string indented;
      for (char const c : printable(shown(item))) indented += c == '\n' ? std::string("\n    ") : std::string(1, c);
      out << "  " << indented << '\n';
    }
  }

  Context& context_;
  json::value const& role_;
  Style style_ = context_.out_style();
};

Outcome<> show_role(Context& context, Arguments const& arguments) {
  auto const reply = context.call("get_role", {{"name", arguments.one("ROLE").value_or("")}});
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else
    Showing(context, reply->body).run();
  return {};
}

// A time, or how long from now.
Outcome<std::string> moment_of(Context& context, std::string const& typed) {
  if (auto const at = parse_timestamp(typed)) return to_string(*at);
  if (auto const span = parse_duration(typed)) return to_string(context.now() + *span);
  return complain(Exit::usage, fmt::format("--until {} is neither a time nor a duration", typed),
                  {"Write 2h, 3d or 2030-01-31T12:00:00Z."});
}

Outcome<> lend_path(Context& context, Arguments const& arguments) {
  auto until = moment_of(context, arguments.one("until").value_or(""));
  if (!until) return pass_on(until);
  auto const& repository = context.repository();
  if (!repository) return std::unexpected(repository.error());
  auto path = target_of(context.shell(), *repository, arguments.one("PATH").value_or(""));
  if (!path) return pass_on(path);
  json::object members{{"name", arguments.one("ROLE").value_or("")},
                       {"path", *std::move(path)},
                       {"to_role", arguments.one("to-role").value_or("")},
                       {"until", *std::move(until)}};
  if (auto const session = arguments.one("as")) members["session"] = *session;
  auto const reply = context.call("lend_role_path", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else
    context.shell().out << fmt::format("{} lends {} to {}, {}\n", text_of(reply->body, "role"),
                                       printable(text_of(reply->body, "path")), text_of(reply->body, "to_role"),
                                       "until " + text_of(reply->body, "until"));
  return {};
}

}  // namespace

std::vector<Verb> role_verbs() {
  Option const role{.name = "ROLE", .doc = "Name of the role.", .positional = true, .required = true};
  return {
      {.words = "roles import",
       .summary = "Read role documents, and hold the project's sessions to them",
       .description =
           "Takes Markdown, the text that a browser copies of it, agent files with front matter "
           "(`.claude/agents/*.md`, "
           "`.github/agents/*.agent.md`), CODEOWNERS (a role for each owner) and JSON. What codi does not understand "
           "is kept as advice and told with its line; the command then ends well all the same.",
       .options = {{.name = "FILE",
                    .doc = "Documents to import.",
                    .positional = true,
                    .many = true,
                    .required = true,
                    .path = true},
                   {.name = "name", .doc = "Name of the role, for one document that says none or another."},
                   {.name = "replace",
                    .doc = "A CODEOWNERS also takes the place of documents that its owners' roles have.",
                    .take = Take::flag}},
       .examples = {{"codi roles import .claude/agents/*.md"}, {"codi roles import .github/CODEOWNERS"}},
       .run = &import_roles,
       .covers = {"put_role"}},
      {.words = "roles list",
       .summary = "List the project's roles",
       .examples = {{"codi roles list"}},
       .run = &list_roles,
       .covers = {"list_roles"}},
      {.words = "roles show",
       .summary = "Show all that codi understood of a role's document, and what it keeps as advice",
       .options = {role},
       .examples = {{"codi roles show rust-developer"}},
       .run = &show_role,
       .covers = {"get_role"}},
      {.words = "roles lend",
       .summary = "Let another role work on a path of this one for a time",
       .options = {role,
                   {.name = "PATH",
                    .doc = "File, directory or pattern that the role owns.",
                    .positional = true,
                    .required = true,
                    .path = true},
                   {.name = "to-role", .doc = "Role that may work there meanwhile.", .required = true},
                   {.name = "until", .doc = "When the loan ends: a time, or how long from now (2h).", .required = true},
                   {.name = "as", .doc = "Session in the role that lends, for who may not change roles."}},
       .examples = {{"codi roles lend backend src/api/users.cpp --to-role tester --until 2h"}},
       .run = &lend_path,
       .covers = {"lend_role_path"}},
  };
}

}  // namespace codi::cli
