#include "cli/doctor.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "cli/duration.hpp"
#include "cli/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sys/stat.h>
#include <unistd.h>

namespace codi::cli {
namespace {

constexpr unsigned kByOthers = S_IRWXG | S_IRWXO;
constexpr unsigned kWrittenByOthers = S_IWGRP | S_IWOTH;

// `0.1.0-12-gabc` is {0, 1}.
std::optional<std::pair<int, int>> release_of(std::string_view version) {
  auto const parts = split(version, '.');
  if (parts.size() < 2) return std::nullopt;
  auto const number = [](std::string_view text, int& out) {
    return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc();
  };
  std::pair<int, int> out;
  if (!number(parts[0], out.first) || !number(parts[1], out.second)) return std::nullopt;
  return out;
}

std::string gigabytes(std::uint64_t bytes) {
  constexpr double kGigabyte = 1e9;
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / kGigabyte);
}

Check judge_end(std::string name, std::string_view what, Timestamp ends, Timestamp now) {
  auto const left = ends - now;
  auto detail = fmt::format("{} {} {}", what, left.count() < 0 ? "expired" : "expires", relative_time(now, ends));
  if (left < limits::kDoctorExpiryFail)
    return {std::move(name), Health::fail, std::move(detail), "Renew it now, and let the server read it."};
  if (left < limits::kDoctorExpiryWarn) return {std::move(name), Health::warn, std::move(detail), "Renew it soon."};
  return {std::move(name), Health::ok, std::move(detail)};
}

}  // namespace

Check judge_clock(Timestamp server, Timestamp before, Timestamp after) {
  // The second that the server named is somewhere between its begin and its end.
  auto const server_end = server + std::chrono::seconds(1);
  auto off = std::chrono::milliseconds(0);
  if (server > after) off = server - after;
  if (server_end < before) off = before - server_end;
  Check out{.name = "clock", .detail = "the clocks of the server and of this machine agree"};
  if (off <= limits::kDoctorClockWarn) return out;
  out.health = off > limits::kDoctorClockFail ? Health::fail : Health::warn;
  out.detail = fmt::format("the server's clock is {} {} this machine's", short_duration(off),
                           server > after ? "before" : "behind");
  out.hint = "Let both follow a time server (timedatectl set-ntp true): leases and tokens end by the server's clock.";
  return out;
}

Check judge_versions(std::string_view client, std::string_view server) {
  Check out{.name = "version", .detail = fmt::format("server {}, client {}", printable(server), client)};
  auto const ours = release_of(client);
  auto const theirs = release_of(server);
  if (ours && theirs && *ours == *theirs) return out;
  out.health = ours && theirs && ours->first == theirs->first ? Health::warn : Health::fail;
  out.hint = ours && theirs && *ours > *theirs ? "Upgrade the server: what is new in this client it may not know."
                                               : "Upgrade this client to the server's version.";
  return out;
}

Check judge_certificate(std::string name, Timestamp ends, Timestamp now) {
  return judge_end(std::move(name), "the certificate", ends, now);
}

Check judge_space(std::uint64_t free, std::uint64_t whole) {
  auto const share = whole == 0 ? 0 : free * 100 / whole;
  Check out{.name = "disk", .detail = fmt::format("{} of {} free ({} %)", gigabytes(free), gigabytes(whole), share)};
  if (free < limits::kDoctorDiskBytesFail)
    out.health = Health::fail;
  else if (free < limits::kDoctorDiskBytesWarn || share < limits::kDoctorDiskShareWarn)
    out.health = Health::warn;
  if (out.health != Health::ok)
    out.hint = "Free some space or enlarge the file system: a server that can't write answers 503 to every change.";
  return out;
}

Check judge_open_files(std::uint64_t most) {
  Check out{.name = "open_files", .detail = fmt::format("at most {}", most)};
  if (most >= limits::kDoctorOpenFilesWarn) return out;
  out.health = Health::warn;
  out.hint = "Each connection is one: raise it (ulimit -Hn, LimitNOFILE= of the unit).";
  return out;
}

Check judge_owner(std::string name, std::filesystem::path const& path, bool may_be_read) {
  Check out{.name = std::move(name), .detail = path.string()};
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    out.health = Health::fail;
    out.detail += " can't be looked at";
    out.hint = "Look at the modes of the folders above it.";
    return out;
  }
  bool const is_folder = S_ISDIR(facts.st_mode);
  auto const wrong = facts.st_mode & (may_be_read ? kWrittenByOthers : kByOthers);
  if (facts.st_uid != ::geteuid() && ::geteuid() != 0) {
    out.health = Health::fail;
    out.detail += " belongs to another user";
    out.hint = fmt::format("Look who made it, and remove it or take it: chown {} {}", ::geteuid(), path.string());
  } else if (wrong != 0) {
    out.health = Health::fail;
    out.detail += fmt::format(" has mode {:04o}: other users {} it", facts.st_mode & 07777U,
                              may_be_read ? "may change" : "may reach");
    out.hint = fmt::format("chmod {} {}", may_be_read ? "go-w" : is_folder ? "700" : "600", path.string());
  }
  return out;
}

}  // namespace codi::cli
