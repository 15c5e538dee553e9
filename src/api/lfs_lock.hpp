#pragma once
#include "auth/caller.hpp"
#include "base/result.hpp"
#include "coordination/target.hpp"
#include "db/paging.hpp"
#include "db/tx.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"
#include "reflect/field.hpp"
#include "reflect/schema.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Claims as the locks of git-lfs's File Locking API
/// (https://github.com/git-lfs/git-lfs/blob/main/docs/api/locking.md).
namespace codi::api {

/// The tool whose sessions stand for users who lock.
inline constexpr std::string_view kLfsTool = "git-lfs";

/// Who holds a lock, for people: the user, behind the alias of the session where that is not just the user's.
struct LfsOwner {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(LfsOwner, (), (name))

/// A claim as git-lfs knows it.
struct LfsLock {
  std::string id;
  std::string path;
  Timestamp locked_at;
  LfsOwner owner;
};
BOOST_DESCRIBE_STRUCT(LfsLock, (), (id, path, locked_at, owner))

/// Makes locks of claims. One for one transaction: it asks for each holder once.
class LfsLocks {
 public:
  LfsLocks(db::Tx& tx, models::Project const& project) : tx_(tx), project_(project) {}

  /// The claim as a lock.
  Task<LfsLock> of(models::Claim claim);
  /// The user whose session holds the claim; nothing when that is not known any more.
  Task<std::optional<UserId>> user_of(models::Claim claim);

 private:
  struct Holder {
    std::optional<UserId> user;
    std::string name;
  };
  Task<Holder> find_holder(models::Claim claim);
  Task<Holder> holder_of(models::Claim claim);

  db::Tx& tx_;
  models::Project const& project_;
  std::map<SessionId, Holder> known_;
};

/// A project in an address that begins with its tenant: API-USR-2002 unless that is the caller's own, by id or slug.
Task<Result<models::Project>> find_lfs_project(db::Tx& tx, auth::Caller const& caller, std::string tenant,
                                               std::string project);

/// A claim that keeps somebody out still; nothing for any other, and for what is no id.
Task<std::optional<models::Claim>> find_live_lock(db::Tx& tx, models::Project const& project, std::string id);

/// The page that a client of git-lfs asks for; what is out of bounds is brought within, and an empty cursor is none.
db::PageRequest lfs_page_of(std::optional<std::int64_t> limit, std::optional<std::string> cursor);

/// The member `tenant` of an address.
constexpr reflect::Field tenant_field() {
  return reflect::field("tenant", "Slug or id of the caller's tenant.").length(1, limits::kSlugBytes);
}

/// The file of a lock, as the project reads it; a validation error at `/path`.
Result<coordination::Target> lfs_file_of(std::string_view path, models::Project const& project);

}  // namespace codi::api

template <>
struct codi::reflect::Fields<codi::api::LfsOwner> {
  static constexpr std::string_view name = "LfsOwner";
  static constexpr std::array fields{field("name", "Who holds the lock.")};
};
template <>
struct codi::reflect::Fields<codi::api::LfsLock> {
  static constexpr std::string_view name = "LfsLock";
  static constexpr std::array fields{
      field("id", "Id of the claim."),
      field("path", "What is locked, from the root of the repository."),
      field("locked_at", "Since when it is held."),
      field("owner", "Who holds it."),
  };
};
