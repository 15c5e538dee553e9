#include "cli/role_files.hpp"

#include "base/text.hpp"
#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "cli/render.hpp"
#include "coordination/log_line.hpp"
#include "roles/owners_role.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace codi::cli {
namespace {

// What a server adds to a role when it shows it.
constexpr std::array<std::string_view, 7> kAdded{"id",       "project_id", "source",    "lines",
                                                 "findings", "created_at", "updated_at"};

std::string source_of(Context& context, std::string const& typed) {
  auto const& repository = context.repository();
  if (!repository) return typed;
  return target_of(context.shell(), *repository, typed).value_or(typed);
}

void add_json_role(RoleFile& file, json::value const& value) {
  if (!value.is_object()) {
    file.errors.push_back({1, "a role is a JSON object"});
    return;
  }
  auto members = value.get_object();
  auto const name = coordination::role_name(text_of(members, "name"));
  if (!coordination::valid_alias(name)) {
    file.errors.push_back({1, "a role has a `name`: letters, digits, `.`, `_` and `-`"});
    return;
  }
  for (auto const added : kAdded) members.erase(added);
  auto content = members;
  content.erase("name");
  FileRole role{.name = name, .members = members, .document = {}};
  for (auto const& field : reflect::Fields<models::RoleContent>::fields)
    if (!content.contains(field.name)) content[field.name] = json::array();
  if (!members.contains("purpose")) content["purpose"] = "";
  auto read = reflect::decode<models::RoleContent>(content);
  if (!read) {
    for (auto const& error : read.error().errors)
      file.errors.push_back({1, name + error.pointer + ": " + error.detail});
    return;
  }
  role.document.content = *std::move(read);
  role.members["name"] = name;
  role.members["source"] = file.source;
  file.roles.push_back(std::move(role));
}

void read_json(RoleFile& file, std::string_view text) {
  auto const parsed = reflect::parse_json(text);
  if (!parsed) {
    file.errors.push_back({1, parsed.error().detail});
    return;
  }
  auto const* const list = parsed->is_array() ? &parsed->get_array() : nullptr;
  auto const& items = list ? *list : items_of(*parsed, "items");
  if (!list && !parsed->is_object()) return add_json_role(file, *parsed);
  if (!list && parsed->get_object().contains("name")) return add_json_role(file, *parsed);
  for (auto const& item : items) add_json_role(file, item);
  if (items.empty()) file.errors.push_back({1, "holds no role: an object with a `name`, or a list of them"});
}

void read_codeowners(RoleFile& file, std::string const& text) {
  file.codeowners = true;
  for (auto const& name : roles::roles_of_owners(text)) {
    auto document = roles::role_of_owners(text, name);
    if (!document.errors.empty()) continue;  // all of its lines are skipped, which the findings of the others tell
    json::object members{{"name", name}, {"text", text}, {"format", "codeowners"}, {"source", file.source}};
    file.roles.push_back({name, std::move(members), std::move(document)});
  }
  if (file.roles.empty()) file.errors.push_back({1, "names no owner"});
}

void read_document(RoleFile& file, std::string const& text, std::optional<std::string> const& wanted) {
  auto document = roles::read_document(text);
  file.errors = document.errors;
  auto name = wanted ? std::optional(coordination::role_name(*wanted)) : document.name;
  if (!name) name = roles::role_name_of_file(file.source);
  if (!name || !coordination::valid_alias(*name)) {
    file.errors.push_back({1, "says no name of a role: name it with --name"});
    return;
  }
  json::object members{{"name", *name}, {"text", text}, {"source", file.source}};
  file.roles.push_back({*name, std::move(members), std::move(document)});
}

}  // namespace

Outcome<RoleFile> read_role_file(Context& context, std::string const& typed, std::optional<std::string> const& name) {
  namespace fs = std::filesystem;
  if (fs::is_directory(context.shell().directory / typed))
    return complain(Exit::usage, fmt::format("{} is a folder: name the files in it", typed));
  auto const text = read_file(context.shell().directory / typed);
  if (!text) return complain(Exit::usage, fmt::format("there is no file {}", typed));
  RoleFile file{.source = source_of(context, typed)};
  if (!is_valid_utf8(*text)) return complain(Exit::failed, typed + " is not UTF-8");
  if (text->size() > limits::kRoleDocumentBytes)
    return complain(Exit::failed, fmt::format("{} has {} bytes, and {} are taken at most", typed, text->size(),
                                              limits::kRoleDocumentBytes));
  if (fs::path(typed).filename() == "CODEOWNERS")
    read_codeowners(file, *text);
  else if (fs::path(typed).extension() == ".json")
    read_json(file, *text);
  else
    read_document(file, *text, name);
  return file;
}

std::string located(std::string const& file, std::optional<std::int64_t> line, std::string_view message) {
  return printable(line ? fmt::format("{}:{}: {}", file, *line, message) : fmt::format("{}: {}", file, message));
}

Outcome<std::vector<roles::LintRole>> roles_to_look_at(Context& context, std::vector<std::string> const& files) {
  std::vector<roles::LintRole> out;
  if (files.empty()) {
    auto const found = context.list("list_roles", {});
    if (!found) return std::unexpected(found.error());
    for (auto const& item : items_of(*found, "items")) {
      auto role = reflect::decode<models::AgentRole>(item);
      if (!role) return complain(Exit::failed, "the server's answer can't be read: " + role.error().detail);
      out.push_back({role->name, static_cast<models::RoleContent const&>(*role), role->lines, role->source});
    }
    return out;
  }
  Complaint wrong{.exit = Exit::failed, .what = "not all of the files can be read as roles"};
  for (auto const& typed : files) {
    auto file = read_role_file(context, typed, std::nullopt);
    if (!file) return pass_on(file);
    for (auto const& [line, message] : file->errors)
      wrong.details.push_back(located(file->source, static_cast<std::int64_t>(line), message));
    for (auto& [name, members, document] : file->roles)
      out.push_back({name, std::move(document.content), std::move(document.lines), file->source});
  }
  if (!wrong.details.empty()) return std::unexpected(std::move(wrong));
  return out;
}

}  // namespace codi::cli
