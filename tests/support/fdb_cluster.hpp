#pragma once
#include "support/certificate.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace codi::testing {

/// A TCP port of loopback that nobody has now.
inline int free_port() {
  int const socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  if (socket < 0 || ::bind(socket, reinterpret_cast<sockaddr*>(&where), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    throw std::runtime_error("no free port");
  ::close(socket);
  return ntohs(where.sin_port);
}

/// What this machine has of FoundationDB: `fdbserver` and `fdbcli` where CODI_FDB_BIN says (a folder, or the server
/// itself) or on the usual paths, `libfdb_c.so` where CODI_FDB_LIB says or the loader finds it.
struct FdbInstallation {
  std::filesystem::path server;
  std::filesystem::path cli;
  std::filesystem::path library;

  /// Why there is none; empty when there is one.
  static std::string const& missing() {
    static std::string const why = [] {
      auto const& found = here();
      std::string out;
      if (found.server.empty()) out += "no fdbserver (CODI_FDB_BIN, or a folder of PATH) ";
      if (found.cli.empty()) out += "no fdbcli beside it or in PATH ";
      if (found.library.empty()) out += "no libfdb_c.so (CODI_FDB_LIB, or where the loader looks)";
      return out.empty() ? out : "FoundationDB is not here: " + out;
    }();
    return why;
  }
  static FdbInstallation const& here() {
    static FdbInstallation const found = find();
    return found;
  }

 private:
  static std::optional<std::string> variable(char const* name) {
    char const* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return text == nullptr || *text == '\0' ? std::nullopt : std::optional<std::string>(text);
  }
  static std::filesystem::path in_path(std::string const& program, std::vector<std::filesystem::path> folders) {
    auto const path = variable("PATH").value_or("") + ":/usr/sbin:/usr/local/sbin:/usr/local/bin";
    for (std::size_t begin = 0; begin <= path.size();) {
      auto const end = std::min(path.find(':', begin), path.size());
      if (end > begin) folders.emplace_back(path.substr(begin, end - begin));
      begin = end + 1;
    }
    for (auto const& folder : folders)
      if (::access((folder / program).c_str(), X_OK) == 0) return folder / program;
    return {};
  }
  static FdbInstallation find() {
    FdbInstallation out;
    std::vector<std::filesystem::path> folders;
    if (auto const named = variable("CODI_FDB_BIN")) {
      bool const is_folder = std::filesystem::is_directory(*named);
      folders.emplace_back(is_folder ? std::filesystem::path(*named) : std::filesystem::path(*named).parent_path());
      if (!is_folder) out.server = *named;
    }
    if (out.server.empty()) out.server = in_path("fdbserver", folders);
    out.cli = in_path("fdbcli", folders);
    out.library = variable("CODI_FDB_LIB").value_or("");
    if (out.library.empty() && ::dlopen("libfdb_c.so", RTLD_LAZY | RTLD_LOCAL) != nullptr) out.library = "libfdb_c.so";
    return out;
  }
};

/// How a cluster is made.
struct FdbClusterOptions {
  int processes = 1;
  std::string redundancy = "single";
  std::string storage = "memory";
  std::vector<std::string> addresses = {};               ///< of the processes; none: loopback
  std::vector<std::vector<std::string>> launchers = {};  ///< of the processes: commands that become the one behind them
  std::optional<Certificate> tls = {};                   ///< of all processes, and the only one that they trust
};

/// A FoundationDB cluster of its own: processes on loopback and free ports, data in a temporary folder. Ends with it.
class FdbCluster {
 public:
  explicit FdbCluster(FdbClusterOptions options = {}) : options_(std::move(options)) {
    for (int i = 0; i < options_.processes; ++i) ports_.push_back(free_port());
    std::string coordinators;
    for (std::size_t i = 0; i < ports_.size(); ++i) coordinators += (i == 0 ? "" : ",") + address(i);
    std::ofstream(cluster_file()) << "codi:test@" << coordinators << '\n';
    processes_.resize(ports_.size());
    for (std::size_t i = 0; i < ports_.size(); ++i) start(i);
    cli("configure new " + options_.redundancy + " " + options_.storage);
  }
  FdbCluster(FdbCluster const&) = delete;
  FdbCluster& operator=(FdbCluster const&) = delete;

  [[nodiscard]] std::filesystem::path cluster_file() const { return folder_.path() / "fdb.cluster"; }
  [[nodiscard]] std::string store() const { return "fdb:" + cluster_file().string(); }
  [[nodiscard]] std::size_t size() const { return ports_.size(); }

  /// Starts a process that does not run.
  void start(std::size_t i) {
    auto const data = folder_.path() / ("data-" + std::to_string(i));
    std::filesystem::create_directories(data);
    auto command = options_.launchers.empty() ? std::vector<std::string>() : options_.launchers.at(i);
    auto const file = data / "fdb.cluster";  // of its own: the server writes it anew
    std::filesystem::copy_file(cluster_file(), file, std::filesystem::copy_options::skip_existing);
    auto const zone = "zone-" + std::to_string(i);
    std::vector<std::string> const own{FdbInstallation::here().server.string(),
                                       "--cluster-file",
                                       file.string(),
                                       "--public-address",
                                       address(i),
                                       "--listen-address",
                                       "public",
                                       "--datadir",
                                       data.string(),
                                       "--logdir",
                                       data.string(),
                                       "--locality-zoneid",
                                       zone,
                                       "--locality-machineid",
                                       zone,
                                       "--memory",
                                       "6GiB",
                                       "--cache-memory",
                                       "32MiB",
                                       "--storage-memory",
                                       "256MiB",
                                       "--maxlogssize",
                                       "10MiB",
                                       "--knob_sqlite_chunk_size_pages=256"};
    command.insert(command.end(), own.begin(), own.end());
    auto const tls = tls_arguments();
    command.insert(command.end(), tls.begin(), tls.end());
    processes_[i] = std::make_unique<ChildProcess>(std::move(command), STDOUT_FILENO);
  }
  void kill(std::size_t i) { processes_[i].reset(); }
  void signal(std::size_t i, int number) const { ::kill(processes_[i]->pid(), number); }

  /// Runs a command of fdbcli and answers what it prints. Throws when it fails within `tries` seconds.
  std::string cli(std::string const& command, int tries = 30) const {
    std::string said;
    for (int i = 0; i < tries; ++i) {
      std::vector<std::string> words{
          FdbInstallation::here().cli.string(), "-C", cluster_file().string(), "--timeout", "10", "--exec", command};
      auto const tls = tls_arguments();
      words.insert(words.end(), tls.begin(), tls.end());
      ChildProcess process(std::move(words), STDOUT_FILENO);
      said = process.read_all();
      if (process.wait() == 0) return said;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    throw std::runtime_error("fdbcli " + command + ": " + said);
  }
  /// Removes every key.
  void wipe() const { cli("writemode on; clearrange \"\" \\xff"); }

 private:
  [[nodiscard]] std::vector<std::string> tls_arguments() const {
    if (!options_.tls) return {};
    auto const certificate = options_.tls->certificate.string();
    return {"--tls-certificate-file",   certificate,     "--tls-key-file",
            options_.tls->key.string(), "--tls-ca-file", certificate};
  }
  [[nodiscard]] std::string address(std::size_t i) const {
    auto const& all = options_.addresses;
    return (all.empty() ? "127.0.0.1" : all.at(i)) + ":" + std::to_string(ports_.at(i)) + (options_.tls ? ":tls" : "");
  }

  FdbClusterOptions options_;
  TempDirectory folder_;
  std::vector<int> ports_;
  std::vector<std::unique_ptr<ChildProcess>> processes_;
};

}  // namespace codi::testing
