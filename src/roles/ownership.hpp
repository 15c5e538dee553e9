#pragma once
#include "coordination/target.hpp"
#include "models/agent_role.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// The boundaries of a role, as its document has them.
struct RoleBoundaries {
  std::string role;
  std::vector<std::string> targets;  ///< canonical; what a project can't read is left out
};

/// A boundary that a role has from another for a time.
struct Lent {
  std::string from;
  std::string to;
  coordination::Target target;
};

/// What is to be said of a role and a target.
struct Verdict {
  bool inside = true;
  std::vector<std::string> owners;  ///< who owns the target, or else parts of it, when the role does not
  bool too_hard = false;            ///< it is held to be outside, because to know would take too much
};

/// Which role may touch what. A path belongs to the roles of whose boundaries that hold it none is narrower: `src/api/`
/// beats `src/`. A boundary is narrower than another when it lies in it and is not equal. Immutable once made.
class Ownership {
 public:
  Ownership(std::vector<RoleBoundaries> const& roles, bool case_sensitive);

  /// Whether all paths that the target stands for belong to the role, by boundaries of its own or lent ones, which
  /// count as its own against the lender. A role without boundaries, or one that is not known, is bound by none.
  /// Resources are bound only where a role names them. When `effort` is spent on a hard pattern the verdict is outside,
  /// and says that it was too hard.
  [[nodiscard]] Verdict judge(std::string_view role, coordination::Target const& target, std::span<Lent const> lent,
                              coordination::Effort& effort) const;
  /// Whether the target belongs to the role by boundaries of its own, so that it can be lent: a role without boundaries
  /// owns nothing.
  [[nodiscard]] Verdict judge_lender(std::string_view role, coordination::Target const& target,
                                     coordination::Effort& effort) const;
  /// The roles that own the target as a whole; when none does, those that own parts of it. In alphabetical order.
  [[nodiscard]] std::vector<std::string> owners_of(coordination::Target const& target,
                                                   coordination::Effort& effort) const;
  [[nodiscard]] bool empty() const { return boundaries_.empty(); }

 private:
  struct Owned {
    std::string role;
    coordination::Target target;
  };
  /// A boundary that counts as a role's, and who lent it.
  struct Held {
    coordination::Target const* target;
    std::string_view from;
  };
  /// Nothing for a role that has no boundaries of its own.
  [[nodiscard]] std::vector<Held> held_by(std::string_view role, std::span<Lent const> lent) const;
  [[nodiscard]] Verdict judge_resource(std::string_view role, coordination::Target const& target,
                                       std::span<Lent const> lent) const;
  [[nodiscard]] bool narrower(coordination::Target const& a, coordination::Target const& b,
                              coordination::Effort& effort) const;

  std::vector<Owned> boundaries_;
  bool case_sensitive_;
};

}  // namespace codi::roles
