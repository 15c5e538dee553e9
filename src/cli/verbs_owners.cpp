#include "base/limits.hpp"
#include "cli/context.hpp"
#include "cli/files.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

// Where GitHub looks, in its order.
constexpr std::array kPlaces{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"};

/// A CODEOWNERS of this machine.
struct Document {
  std::string name;  // as it is shown
  std::string text;
};

Outcome<Document> find_document(Context& context, std::optional<std::string> const& typed) {
  if (typed) {
    auto text = read_file(context.shell().directory / *typed);
    if (!text) return complain(Exit::usage, fmt::format("there is no file {}", *typed));
    return Document{*typed, *std::move(text)};
  }
  auto root = context.place();
  if (!root) return pass_on(root);
  for (auto const* const place : kPlaces)
    if (auto text = read_file(fs::path(*root) / place)) return Document{place, *std::move(text)};
  return complain(
      Exit::failed, fmt::format("{} has no CODEOWNERS", *root),
      {fmt::format("It is looked for as {}, {} and {}; or name the file.", kPlaces[0], kPlaces[1], kPlaces[2])});
}

Outcome<> import(Context& context, Arguments const& arguments) {
  auto document = find_document(context, arguments.one("FILE"));
  if (!document) return pass_on(document);
  if (!is_valid_utf8(document->text)) return complain(Exit::failed, document->name + " is not UTF-8");
  if (document->text.size() > limits::kOwnersBytes)
    return complain(Exit::failed, fmt::format("{} has {} bytes, and {} are taken at most", document->name,
                                              document->text.size(), limits::kOwnersBytes));
  auto const reply = context.call("put_owners", {{"text", document->text}});
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
    return {};
  }
  auto const* const rules = member_of(reply->body, "rules");
  context.shell().out << fmt::format("imported  {}  with {} rules\n", document->name,
                                     rules ? shown_member(*rules, "rules", context.now()) : "");
  for (auto const& finding : items_of(reply->body, "findings")) {
    auto const* const line = member_of(finding, "line");
    context.note(fmt::format("{}:{}: skipped: {}", document->name,
                             line ? shown_member(*line, "line", context.now()) : "",
                             printable(text_of(finding, "message"))));
  }
  auto const* const more = member_of(reply->body, "more");
  if (more != nullptr && *more == json::value(true)) context.note("and more lines are skipped");
  return {};
}

Outcome<> show(Context& context, Arguments const& arguments) {
  auto const& repository = context.repository();
  if (!repository) return std::unexpected(repository.error());
  json::array targets;
  for (auto const& text : arguments.all("TARGET")) {
    auto target = target_of(context.shell(), *repository, text);
    if (!target) return pass_on(target);
    targets.emplace_back(*target);
  }
  auto const reply = context.call("match_owners", {{"targets", std::move(targets)}});
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
    return {};
  }
  Table table({"TARGET", "OWNERS", "LINE"});
  for (auto const& one : items_of(reply->body, "items")) {
    auto const* const owners = member_of(one, "owners");
    auto const* const line = member_of(one, "line");
    bool const unknown = owners == nullptr || owners->is_null();
    auto names = unknown ? "unknown" : shown_member(*owners, "owners", context.now());
    if (names.empty()) names = "nobody";
    table.add({{printable(text_of(one, "target")), Tone::bold},
               {std::move(names), Tone::cyan},
               {line ? shown_member(*line, "line", context.now()) : ""}});
  }
  table.print(context.shell().out, context.out_style());
  return {};
}

}  // namespace

std::vector<Verb> owner_verbs() {
  return {
      {.words = "owners import",
       .summary = "Put the repository's CODEOWNERS, whose owners conflicts then name",
       .description =
           "Without FILE the first of .github/CODEOWNERS, CODEOWNERS and docs/CODEOWNERS is taken, as GitHub "
           "does. Lines that GitHub would skip are skipped, and said.",
       .options = {{.name = "FILE", .doc = "The file to import.", .positional = true, .path = true}},
       .examples = {{"codi owners import"}, {"codi owners import docs/CODEOWNERS"}},
       .run = &import,
       .covers = {"put_owners"}},
      {.words = "owners show",
       .summary = "Say who owns files, directories and patterns by the project's CODEOWNERS",
       .options = {{.name = "TARGET",
                    .doc = "File, directory (`src/api/`) or pattern in quotes, relative to the current folder.",
                    .positional = true,
                    .many = true,
                    .required = true,
                    .path = true}},
       .examples = {{"codi owners show src/api/users.rs docs/"}},
       .run = &show,
       .covers = {"match_owners"}},
  };
}

}  // namespace codi::cli
