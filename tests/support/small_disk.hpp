#pragma once
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace codi::testing {

/// A small file system of its own, mounted in a mount namespace that only its holder and what is launched into it see:
/// nothing of it is left when the test ends, however it ends.
class SmallDisk {
 public:
  enum class Kind : int {
    tmpfs,
    ext4_on_loop,
    read_only_tmpfs,
  };
  explicit SmallDisk(Kind kind, int mebibytes)
      : holder_({"/usr/bin/unshare", "--mount", "--propagation", "private", is_root() ? "--" : "--map-root-user",
                 "/bin/sh", "-ec", script(kind, mebibytes), "sh", point().string(), image().string()},
                STDOUT_FILENO) {
    while (!is_mounted()) {
      auto const more = holder_.read_some();
      if (more.empty()) return;
      said_ += more;
    }
  }

  /// Why there is none; empty when it is mounted.
  [[nodiscard]] std::string why_not() const {
    return is_mounted() ? "" : "this machine lets the test mount no file system: " + said_;
  }
  /// As what is launched into its namespace sees it.
  [[nodiscard]] std::filesystem::path point() const { return temp_.path() / "disk"; }
  /// The same place, as the test sees it.
  [[nodiscard]] std::filesystem::path seen_from_here() const {
    return "/proc/" + std::to_string(holder_.pid()) + "/root" + point().string();
  }
  /// Becomes the command behind it, in the namespace.
  [[nodiscard]] std::vector<std::string> launcher() const {
    std::vector<std::string> out{"/usr/bin/nsenter", "--target", std::to_string(holder_.pid()), "--mount"};
    if (!is_root()) out.insert(out.end(), {"--user", "--preserve-credentials"});
    return out;
  }

 private:
  [[nodiscard]] bool is_mounted() const { return said_.ends_with("mounted\n"); }
  static bool is_root() { return ::geteuid() == 0; }
  [[nodiscard]] std::filesystem::path image() const { return temp_.path() / "image"; }
  static std::string script(Kind kind, int mebibytes) {
    auto const size = std::to_string(mebibytes);
    std::string const tmpfs = "mount -t tmpfs -o size=" + size + "m,mode=700 tmpfs \"$1\"; ";
    std::string const ext4 = "truncate -s " + size +
                             "M \"$2\"; PATH=$PATH:/sbin:/usr/sbin; mkfs.ext4 -q -m 0 \"$2\"; "
                             "mount -o loop \"$2\" \"$1\"; ";
    std::string const mount = kind == Kind::ext4_on_loop ? ext4 : tmpfs;
    std::string const seal = kind == Kind::read_only_tmpfs ? "mount -o remount,bind,ro \"$1\"; " : "";
    return "{ mkdir \"$1\"; " + mount + seal + "} 2>&1; echo mounted; exec sleep infinity";
  }

  TempDirectory temp_;
  ChildProcess holder_;
  std::string said_;
};

}  // namespace codi::testing
