#include "base/limits.hpp"
#include "cli/doctor.hpp"
#include "cli/files.hpp"
#include "cli/json_access.hpp"
#include "cli/settings_file.hpp"
#include "db/rocks/rocks_look.hpp"
#include "db/store.hpp"
#include "db/store_check.hpp"
#include "db/store_facts.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

struct Target {
  std::optional<db::StoreAddress> store;
  ServerFile file;
};

// The one that a server of this user has noted.
std::optional<db::StoreAddress> noted_store(Shell const& shell) {
  auto const note = read_file(shell.state_folder() / "local.json");
  auto const value = note ? parse_loosely(*note) : std::nullopt;
  auto const folder = value ? text_of(*value, "data_directory") : std::string();
  std::error_code ignored;
  if (folder.empty() || !fs::exists(folder, ignored)) return std::nullopt;
  return db::StoreAddress{.path = folder};
}

Target find_target(Shell const& shell, DoctorTarget const& wanted, Checks& checks) {
  Target out;
  if (wanted.config) {
    auto file = read_server_file(*wanted.config);
    if (file)
      out.file = *std::move(file);
    else
      checks.push_back(
          {"server_config", Health::fail, file.error().what, "Correct it, or name another with --config."});
  }
  auto const named = wanted.store ? wanted.store : out.file.store;
  if (!named) {
    if (!wanted.config) out.store = noted_store(shell);
    return out;
  }
  out.store = db::parse_store(*named, shell.directory);
  if (out.store)
    out.store->library = shell.variable("CODI_FDB_LIB");
  else
    checks.push_back({"store", Health::fail, db::no_store(*named), "Name it as the server does."});
  return out;
}

// A folder that others can enter is as open as the files in it.
void check_folder(fs::path const& folder, Checks& checks) {
  auto of_folder = judge_owner("store_folder", folder);
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    if (of_folder.health == Health::ok || it->is_directory(error)) continue;
    auto of_file = judge_owner("store_folder", it->path());
    if (of_file.health != Health::ok) {
      of_file.hint = fmt::format("chmod -R go= {}: the keys that sign access tokens are in there.", folder.string());
      checks.push_back(std::move(of_file));
      return;
    }
  }
  if (of_folder.health != Health::ok) of_folder.health = Health::warn;
  checks.push_back(std::move(of_folder));
}

std::uint64_t own_open_files() {
  rlimit files{};
  return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_max : 0;
}

// Of another process: the line `Max open files  1024  1048576  files`.
std::optional<std::uint64_t> open_files_of(std::int64_t pid) {
  constexpr std::string_view kLine = "Max open files";
  auto const limits = read_file(fmt::format("/proc/{}/limits", pid)).value_or("");
  auto const at = limits.find(kLine);
  if (at == std::string::npos) return std::nullopt;
  auto const number = limits.find_first_not_of(' ', at + kLine.size());
  std::uint64_t out = 0;
  if (std::from_chars(limits.data() + number, limits.data() + limits.size(), out).ec != std::errc())
    return std::nullopt;
  return out;
}

// False for one that can't be looked at.
bool has_nothing(fs::path const& folder) {
  std::error_code failed;
  return fs::status(folder, failed).type() == fs::file_type::not_found || (fs::is_empty(folder, failed) && !failed);
}

void check_store(fs::path const& folder, Checks& checks) {
  try {
    auto const holder = db::rocks_holder(folder);
    if (holder) {
      checks.push_back({"store", Health::ok, fmt::format("{} is open in {}", folder.string(), holder->who)});
    } else {
      auto const facts = db::peek_rocks(folder, db::store_facts_key());
      if (facts) db::check_store_facts(*facts);
      checks.push_back(
          {"store", Health::ok,
           facts ? fmt::format("{} has schema version {}, no server runs on it", folder.string(), db::kSchemaVersion)
                 : folder.string() + " is empty: no server has started in it"});
    }
    auto const of_server = holder && holder->pid ? open_files_of(*holder->pid) : std::nullopt;
    checks.push_back(judge_open_files(of_server.value_or(own_open_files())));
  } catch (std::exception const& failure) {
    checks.push_back({"store", Health::fail, failure.what(), "See the how-to about backups for a way back."});
  }
}

void check_cluster(db::StoreAddress const& store, Checks& checks) {
  checks.push_back(judge_owner("cluster_file", store.path, true));
  try {
    auto const engine = db::open_store(store);
    auto const facts = db::peek_store_facts(*engine);
    if (facts) db::check_store_facts(*facts);
    checks.push_back({"store", Health::ok,
                      facts ? fmt::format("the cluster of {} answers and has schema version {}", store.path.string(),
                                          db::kSchemaVersion)
                            : fmt::format("the cluster of {} answers and is empty: no server has started on it",
                                          store.path.string())});
  } catch (std::exception const& failure) {
    checks.push_back({"store", Health::fail, failure.what(), "See the how-to about FoundationDB."});
  }
  checks.push_back(judge_open_files(own_open_files()));
}

void check_disk(fs::path const& folder, Checks& checks) {
  struct statvfs facts{};
  if (::statvfs(folder.c_str(), &facts) != 0) return;
  checks.push_back(judge_space(facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize));
}

template <class T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* p) { kFree(p); })>;
using Certificate = Owned<X509, &X509_free>;
using Key = Owned<EVP_PKEY, &EVP_PKEY_free>;
using Stream = std::unique_ptr<FILE, decltype([](FILE* file) { static_cast<void>(std::fclose(file)); })>;

Certificate read_certificate(fs::path const& path) {
  Stream const file(std::fopen(path.c_str(), "re"));
  return Certificate(file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
}

// A key with a pass phrase is not asked for it: the server could not be either.
Key read_key(fs::path const& path) {
  Stream const file(std::fopen(path.c_str(), "re"));
  char none[] = "";
  return Key(file ? PEM_read_PrivateKey(file.get(), nullptr, nullptr, none) : nullptr);
}

Timestamp end_of(X509 const& certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return {};
  return {static_cast<std::int64_t>(timegm(&parts)) * 1'000};
}

void check_key_mode(fs::path const& path, Checks& checks) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & S_IRWXO) == 0) return;
  checks.push_back({"tls_files", Health::fail,
                    fmt::format("{} has mode {:04o}: other users may reach it", path.string(), facts.st_mode & 07777U),
                    fmt::format("chmod o= {}", path.string())});
}

void check_tls_files(Context const& context, ServerFile const& named, Checks& checks) {
  if (!named.tls_cert && !named.tls_key) return;
  if (!named.tls_cert || !named.tls_key) {
    checks.push_back({"tls_files", Health::fail, "tls_cert and tls_key belong together", "Name both, or neither."});
    return;
  }
  auto const& directory = context.shell().directory;
  auto const cert_path = directory / *named.tls_cert;
  auto const key_path = directory / *named.tls_key;
  auto const certificate = read_certificate(cert_path);
  auto const key = read_key(key_path);
  auto const unreadable = [&](fs::path const& path, char const* what) {
    checks.push_back({"tls_files", Health::fail, fmt::format("{} is no {} that can be read", path.string(), what),
                      "PEM without a pass phrase, readable for the user that the server runs as."});
  };
  if (!certificate) unreadable(cert_path, "certificate");
  if (!key) unreadable(key_path, "private key");
  check_key_mode(key_path, checks);
  if (certificate) checks.push_back(judge_certificate("tls_files", end_of(*certificate), context.now()));
  if (certificate && key && X509_check_private_key(certificate.get(), key.get()) != 1)
    checks.push_back({"tls_files", Health::fail,
                      fmt::format("{} is not the key of {}", key_path.string(), cert_path.string()),
                      "Take both from the same order."});
}

}  // namespace

void check_machine(Context& context, DoctorTarget const& target, Checks& checks) {
  auto const found = find_target(context.shell(), target, checks);
  if (found.store && found.store->kind == db::StoreAddress::Kind::fdb) {
    check_cluster(*found.store, checks);
  } else if (found.store && has_nothing(found.store->path)) {
    checks.push_back({"store", Health::warn, fmt::format("{} holds no store yet", found.store->path.string()),
                      "The server's first start makes one; if there should be one, is this the right folder?"});
  } else if (found.store) {
    check_store(found.store->path, checks);
    check_folder(found.store->path, checks);
    check_disk(found.store->path, checks);
  }
  check_tls_files(context, found.file, checks);
}

}  // namespace codi::cli
