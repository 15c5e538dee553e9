#include "base/build_info.hpp"
#include "base/errors.hpp"
#include "cli/context.hpp"
#include "cli/reference.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

namespace codi::cli {
namespace {

json::string text(std::string_view value) { return json::string(value.data(), value.size()); }

Outcome<> errors(Context& context, Arguments const& arguments) {
  if (arguments.has("markdown")) {
    context.shell().out << errors_markdown();
    return {};
  }
  if (context.json()) {
    json::array rows;
    for (auto const& row : error_table())
      rows.push_back(json::object{{"code", text(row.text)},
                                  {"status", row.status},
                                  {"title", text(row.title)},
                                  {"recovery", text(row.recovery)}});
    context.print_json(json::object{{"items", std::move(rows)}});
    return {};
  }
  Table table({"CODE", "STATUS", "TITLE", "WHAT TO DO"});
  for (auto const& row : error_table())
    table.add({{std::string(row.text), Tone::bold},
               {std::to_string(row.status)},
               {std::string(row.title)},
               {std::string(row.recovery)}});
  table.print(context.shell().out, context.out_style());
  return {};
}

Outcome<> version(Context& context, Arguments const&) {
  auto const build = build_info();
  if (context.json())
    context.print_json(json::object{
        {"version", text(build.version)}, {"commit", text(build.commit)}, {"build_time", text(build.time)}});
  else
    context.shell().out << fmt::format("codi {} (commit {}, {})\n", build.version, build.commit, build.time);
  return {};
}

Outcome<> completion(Context& context, Arguments const& arguments) {
  context.shell().out << completion_script(context.verbs(), arguments.one("SHELL").value_or(""));
  return {};
}

Outcome<> help_markdown(Context& context, Arguments const&) {
  context.shell().out << verbs_markdown(all_verbs(context.catalog()));
  return {};
}

}  // namespace

std::vector<Verb> information_verbs() {
  return {{.words = "errors",
           .summary = "List every error code and what to do about it",
           .options = {{.name = "markdown", .doc = "Print docs/errors.md.", .take = Take::flag}},
           .examples = {{"codi errors"}, {"codi errors --json"}},
           .run = &errors},
          {.words = "version",
           .summary = "Show what this program was built from",
           .examples = {{"codi version"}, {"codi version --json"}},
           .run = &version},
          {.words = "completion",
           .summary = "Print a script that completes commands in a shell",
           .options = {{.name = "SHELL",
                        .doc = "bash, zsh or fish.",
                        .positional = true,
                        .required = true,
                        .choices = {"bash", "zsh", "fish"}}},
           .examples = {{"source <(codi completion bash)"},
                        {"codi completion fish > ~/.config/fish/completions/codi.fish"}},
           .run = &completion},
          {.words = "help-markdown", .summary = "Print docs/cli.md", .run = &help_markdown, .hidden = true}};
}

}  // namespace codi::cli
