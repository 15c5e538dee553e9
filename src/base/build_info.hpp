#pragma once
#include <string_view>

namespace codi {

/// What this binary was built from; the same in `codi version`, `/healthz` and the start-up log line.
struct BuildInfo {
  std::string_view version;  ///< semantic version
  std::string_view commit;   ///< short git hash, `-dirty` when the tree had changes, `unknown` outside git
  std::string_view time;     ///< RFC 3339, UTC: the time of the commit, so that builds are repeatable
};

/// The identity of this binary.
BuildInfo build_info();

}  // namespace codi
