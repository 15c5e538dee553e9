#include "base/build_info.hpp"
#include "cli/files.hpp"
#include "cli/guard.hpp"
#include "cli/json_access.hpp"
#include "cli/role_files.hpp"
#include "cli/subprocess.hpp"
#include "cli/verbs.hpp"
#include "roles/graph.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

struct Findings {
  std::vector<models::LintFinding> list;
  bool more = false;
};

Outcome<Findings> find(Context& context, std::vector<std::string> const& files) {
  Findings out;
  if (!files.empty()) {
    auto set = roles_to_look_at(context, files);
    if (!set) return pass_on(set);
    coordination::Effort effort(limits::kLintSteps);
    auto report = roles::lint(*set, true, effort);
    return Findings{std::move(report.findings), !report.complete};
  }
  auto const reply = context.call("lint_roles");
  if (!reply) return std::unexpected(reply.error());
  for (auto const& item : items_of(reply->body, "findings")) {
    auto finding = reflect::decode<models::LintFinding>(item);
    if (!finding) return complain(Exit::failed, "the server's answer can't be read: " + finding.error().detail);
    out.list.push_back(*std::move(finding));
  }
  auto const* const more = member_of(reply->body, "more");
  out.more = more != nullptr && *more == json::value(true);
  return out;
}

Outcome<> lint(Context& context, Arguments const& arguments) {
  auto const found = find(context, arguments.all("FILE"));
  if (!found) return std::unexpected(found.error());
  auto& out = context.shell().out;
  if (arguments.has("sarif")) {
    out << roles::to_sarif(found->list, build_info().version) << '\n';
  } else if (context.json()) {
    json::array findings;
    for (auto const& one : found->list) findings.push_back(json::parse(reflect::encode_text(one)));
    context.print_json(json::object{{"findings", std::move(findings)}, {"more", found->more}});
  } else {
    for (auto const& one : found->list)
      out << located(one.file.value_or(one.roles.front()), one.line, one.rule + ": " + one.message) << '\n';
    if (found->list.empty()) context.note("nothing to say: the roles fit together");
    if (found->more) context.note("and there is more");
  }
  if (!found->list.empty() && arguments.has("strict"))
    return complain(Exit::refused, fmt::format("lint has {} to say", found->list.size()));
  return {};
}

// What Graphviz makes of the drawing's text.
Outcome<std::string> draw(Context& context, std::string const& dot) {
  auto const& shell = context.shell();
  auto const program = program_on_path(shell, "dot");
  if (!program)
    return complain(Exit::failed, "the program `dot` of Graphviz, which draws SVG, is not on the PATH",
                    {"Install it (`apt install graphviz`), or take the graph as text: --format dot."});
  auto const file = fs::temp_directory_path() /
                    fmt::format("codi-roles-{}.dot", to_string(make_uuid_v7(context.now(), shell.random)));
  write_file(file, dot);
  auto const drawn = run_program({program->string(), "-Tsvg", file.string()}, shell.directory, shell.environment);
  fs::remove(file);
  if (!drawn || drawn->status != 0)
    return complain(Exit::failed, "Graphviz failed: " + (drawn ? printable(drawn->err) : "it can't be run"));
  return drawn->out;
}

Outcome<> graph(Context& context, Arguments const& arguments) {
  auto const set = roles_to_look_at(context, arguments.all("FILE"));
  if (!set) return std::unexpected(set.error());
  auto const format = arguments.one("format").value_or("dot");
  auto text = roles::to_dot(*set);
  if (format == "svg") {
    auto drawn = draw(context, text);
    if (!drawn) return pass_on(drawn);
    text = *std::move(drawn);
  }
  if (auto const file = arguments.one("output")) {
    write_file(context.shell().directory / *file, text, 0644);
    if (context.json()) context.print_json(json::object{{"format", format}, {"file", *file}});
    return {};
  }
  if (context.json())
    context.print_json(json::object{{"format", format}, {"text", text}});
  else
    context.shell().out << text;
  return {};
}

}  // namespace

std::vector<Verb> role_set_verbs() {
  Option const files{.name = "FILE",
                     .doc = "Documents to look at, without a server; without any, the project's roles.",
                     .positional = true,
                     .many = true,
                     .path = true};
  return {
      {.words = "roles lint",
       .summary = "Say what is wrong between roles: who is missing, one-sided, circular, overlapping",
       .options = {files,
                   {.name = "sarif", .doc = "Print SARIF 2.1.0, which code hosts show.", .take = Take::flag},
                   {.name = "strict", .doc = "End with status 3 when there is a finding.", .take = Take::flag}},
       .examples = {{"codi roles lint"}, {"codi roles lint --strict .claude/agents/*.md"}},
       .run = &lint,
       .covers = {"lint_roles"}},
      {.words = "roles graph",
       .summary = "Draw who depends on whom",
       .options = {files,
                   {.name = "format",
                    .doc = "`dot` is the text that Graphviz reads, `svg` what its program `dot` draws of it.",
                    .choices = {"dot", "svg"}},
                   {.name = "output", .doc = "File to write, instead of printing.", .path = true}},
       .examples = {{"codi roles graph --format svg --output roles.svg"}},
       .run = &graph},
  };
}

}  // namespace codi::cli
