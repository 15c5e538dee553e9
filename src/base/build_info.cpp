#include "base/build_info.hpp"

#include "build_info.inc"

namespace codi {

BuildInfo build_info() { return {CODI_VERSION, CODI_COMMIT, CODI_BUILD_TIME}; }

}  // namespace codi
