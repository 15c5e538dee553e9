#pragma once
#include <sys/stat.h>

namespace codi::testing {

/// While it lives this process makes files as open as they ask to be.
class OpenUmask {
 public:
  OpenUmask() : before_(::umask(0)) {}
  ~OpenUmask() { ::umask(before_); }
  OpenUmask(OpenUmask const&) = delete;
  OpenUmask& operator=(OpenUmask const&) = delete;

 private:
  mode_t before_;
};

}  // namespace codi::testing
