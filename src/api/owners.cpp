#include "db/owners.hpp"

#include "api/areas.hpp"
#include "api/execute.hpp"
#include "api/owner_lookup.hpp"
#include "api/project_changes.hpp"
#include "api/scope.hpp"
#include "base/encoding.hpp"
#include "coordination/owners.hpp"

#include <fmt/format.h>

namespace codi::api {
namespace {

using auth::Permission;

struct PutOwnersIn {
  std::string project;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(PutOwnersIn, (), (project, text))

struct OwnersIn {
  std::string project;
};
BOOST_DESCRIBE_STRUCT(OwnersIn, (), (project))

struct OwnersOut {
  ProjectId id;
  std::string text;
  std::int64_t rules = 0;
  std::vector<models::OwnersFinding> findings;
  bool more = false;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(OwnersOut, (), (id, text, rules, findings, more, created_at, updated_at))

struct MatchOwnersIn {
  std::string project;
  std::vector<TargetInput> targets;
};
BOOST_DESCRIBE_STRUCT(MatchOwnersIn, (), (project, targets))

struct OwnedTarget {
  std::string target;
  std::optional<std::vector<std::string>> owners;
  std::optional<std::int64_t> line;
};
BOOST_DESCRIBE_STRUCT(OwnedTarget, (), (target, owners, line))

struct MatchOwnersOut {
  std::vector<OwnedTarget> items;
};
BOOST_DESCRIBE_STRUCT(MatchOwnersOut, (), (items))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<PutOwnersIn> {
  static constexpr std::string_view name = "PutOwners";
  static constexpr std::array fields{
      project_field(),
      field("text", "A CODEOWNERS file as it stands in the repository.").length(0, limits::kOwnersBytes)};
};
template <>
struct Fields<OwnersIn> {
  static constexpr std::string_view name = "OwnersPath";
  static constexpr std::array fields{project_field()};
};
template <>
struct Fields<OwnersOut> {
  static constexpr std::string_view name = "Owners";
  static constexpr std::array fields{
      field("id", "Id of the project."),
      field("text", "The document as it was put."),
      field("rules", "How many of its lines are rules."),
      field("findings", "Lines that are skipped, as GitHub skips them; 100 at most."),
      field("more", "True when there are more than those."),
      field("created_at", "When a document was first put."),
      field("updated_at", "When this one was put."),
  };
};
template <>
struct Fields<MatchOwnersIn> {
  static constexpr std::string_view name = "MatchOwners";
  static constexpr std::array fields{project_field(), targets_field()};
};
template <>
struct Fields<OwnedTarget> {
  static constexpr std::string_view name = "OwnedTarget";
  static constexpr std::array fields{
      field("target", "In its canonical spelling."),
      field("owners", "Who owns it; empty: nobody; null: the project has no CODEOWNERS, or it took too long."),
      field("line", "Line of the rule that decides; null when none matches."),
  };
};
template <>
struct Fields<MatchOwnersOut> {
  static constexpr std::string_view name = "MatchedOwners";
  static constexpr std::array fields{field("items", "One for each target, in their order.")};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

OwnersOut shown(ProjectId project, models::OwnersRecord record, std::string text) {
  return {.id = project,
          .text = std::move(text),
          .rules = record.rules,
          .findings = std::move(record.findings),
          .more = record.more,
          .created_at = record.created_at,
          .updated_at = record.updated_at};
}

// 412 when the request names another document than the one that is there.
Task<Result<void>> check_match(db::Tx& tx, ProjectId project, std::optional<models::OwnersRecord> record) {
  if (!tx.facts().if_match) co_return Result<void>();
  if (!record) co_return fail(ErrorCode::precondition_failed, "the project has no CODEOWNERS");
  auto text = co_await db::get_owners_text(tx, project);
  co_return check_if_match(tx, shown(project, *std::move(record), std::move(text)));
}

void tell(db::Tx& tx, auth::Caller const& caller, models::Project const& project, std::string action,
          std::string text) {
  tell_change(tx, caller, project.id,
              {.action = std::move(action),
               .target = to_string(project.id),
               .text = std::move(text),
               .data = {{"slug", project.slug}}});
}

struct PutOwners {
  static constexpr OperationMeta meta{.id = "put_owners",
                                      .method = Method::put,
                                      .path = "/projects/{project}/owners",
                                      .tag = "projects",
                                      .summary = "Put a project's CODEOWNERS, whose owners conflicts then name",
                                      .kind = Kind::write,
                                      .permission = Permission::project_manage,
                                      .grows = true,
                                      .cli = "owners import"};
  using In = PutOwnersIn;
  using Out = OwnersOut;
  using Prepared = coordination::OwnersFile;
  static Result<Prepared> prepare(PrepareContext const& context, In const& in) {
    if (auto may = may_send_document(context, in.project, Permission::project_manage); !may)
      return std::unexpected(std::move(may.error()));
    auto file = coordination::read_owners(in.text);
    coordination::check_patterns(file);
    if (file.rules.size() > limits::kOwnerRules)
      return invalid("/text",
                     fmt::format("has {} rules, and {} at most are kept", file.rules.size(), limits::kOwnerRules));
    return file;
  }
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in, Prepared const& file) {
    auto const project = co_await project_for(tx, caller, in.project, Permission::project_manage);
    if (!project) co_return std::unexpected(project.error());
    auto const before = co_await db::get_owners(tx, project->id);
    auto const matches = co_await check_match(tx, project->id, before);
    if (!matches) co_return std::unexpected(matches.error());
    models::OwnersRecord record{.digest = to_hex(sha256(in.text)),
                                .rules = static_cast<std::int64_t>(file.rules.size()),
                                .findings = file.findings,
                                .more = file.findings.size() > limits::kOwnerFindings,
                                .created_at = before ? before->created_at : tx.now(),
                                .updated_at = tx.now()};
    if (record.more) record.findings.resize(limits::kOwnerFindings);
    db::put_owners(tx, project->id, record, in.text);
    tell(tx, caller, *project, "owners.put", fmt::format("CODEOWNERS was put: {} rules", record.rules));
    co_return shown(project->id, std::move(record), in.text);
  }
};

struct GetOwners {
  static constexpr OperationMeta meta{.id = "get_owners",
                                      .path = "/projects/{project}/owners",
                                      .tag = "projects",
                                      .summary = "Read a project's CODEOWNERS, and which of its lines are skipped",
                                      .permission = Permission::project_read,
                                      .cli = "owners get"};
  using In = OwnersIn;
  using Out = OwnersOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const record = co_await db::get_owners(tx, project->id);
    if (!record) co_return fail(ErrorCode::not_found, "the project has no CODEOWNERS");
    auto text = co_await db::get_owners_text(tx, project->id);
    co_return shown(project->id, *record, std::move(text));
  }
};

struct DeleteOwners {
  static constexpr OperationMeta meta{.id = "delete_owners",
                                      .method = Method::delete_,
                                      .path = "/projects/{project}/owners",
                                      .tag = "projects",
                                      .summary = "Remove a project's CODEOWNERS",
                                      .kind = Kind::write,
                                      .permission = Permission::project_manage,
                                      .status = 204,
                                      .cli = "owners delete"};
  using In = OwnersIn;
  using Out = Nothing;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const record = co_await db::get_owners(tx, project->id);
    auto const permitted = auth::permit(caller, Permission::project_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    if (!record) co_return fail(ErrorCode::not_found, "the project has no CODEOWNERS");
    auto const matches = co_await check_match(tx, project->id, record);
    if (!matches) co_return std::unexpected(matches.error());
    db::remove_owners(tx, project->id);
    tell(tx, caller, *project, "owners.deleted", "CODEOWNERS was removed");
    co_return Nothing{};
  }
};

struct MatchOwners {
  static constexpr OperationMeta meta{.id = "match_owners",
                                      .method = Method::post,
                                      .path = "/projects/{project}/owners/match",
                                      .tag = "projects",
                                      .summary = "Say who owns targets by the project's CODEOWNERS; writes nothing",
                                      .permission = Permission::project_read,
                                      .mcp = "look owners",
                                      .cli = "owners show"};
  using In = MatchOwnersIn;
  using Out = MatchOwnersOut;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const project = co_await find_project(tx, caller, in.project);
    if (!project) co_return std::unexpected(project.error());
    auto const permitted = auth::permit(caller, Permission::project_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const targets = targets_of(in.targets, project->case_sensitive);
    auto found = co_await owners_of(tx, *project, targets);
    Out out;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      OwnedTarget one{.target = coordination::canonical(targets[i]), .owners = {}, .line = {}};
      if (auto& owned = found[i]) {
        one.owners = std::move(owned->owners);
        if (owned->line) one.line = static_cast<std::int64_t>(*owned->line);
      }
      out.items.push_back(std::move(one));
    }
    co_return out;
  }
};

}  // namespace

std::vector<Operation> owner_operations() { return make_operations<PutOwners, GetOwners, DeleteOwners, MatchOwners>(); }

}  // namespace codi::api
