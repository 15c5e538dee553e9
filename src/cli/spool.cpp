#include "cli/spool.hpp"

#include "base/failure.hpp"
#include "base/limits.hpp"
#include "cli/json_access.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace codi::cli {
namespace {

constexpr char kWaits = ' ';
constexpr char kDealtWith = '#';

void sync(FileHandle const& file) {
  if (fsync(file.get()) != 0)
    throw Failure(ErrorCode::internal, "can't keep the line: " + std::generic_category().message(errno));
}

void cut(FileHandle const& file, std::size_t size) {
  if (ftruncate(file.get(), static_cast<off_t>(size)) != 0)
    throw Failure(ErrorCode::internal, "can't cut the spool: " + std::generic_category().message(errno));
}

json::object to_json(SpooledLine const& line) {
  return {{"key", line.key},       {"at", to_string(line.at)}, {"line", line.line},
          {"action", line.action}, {"place", line.place},      {"facts", line.facts}};
}

std::optional<SpooledLine> read_line(std::string_view text) {
  auto const value = parse_loosely(text);
  if (!value) return std::nullopt;
  auto const at = parse_timestamp(text_of(*value, "at"));
  SpooledLine out{.key = text_of(*value, "key"),
                  .at = at.value_or(Timestamp{}),
                  .line = text_of(*value, "line"),
                  .action = text_of(*value, "action"),
                  .place = text_of(*value, "place"),
                  .facts = {}};
  if (auto const* const facts = member_of(*value, "facts"); facts != nullptr && facts->is_object())
    out.facts = facts->get_object();
  if (!at || out.key.empty() || out.line.empty()) return std::nullopt;
  return out;
}

std::filesystem::path lock_of(std::filesystem::path const& file) { return file.string() + ".lock"; }

std::string_view line_at(std::string_view text, std::size_t begin) {
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

Spool::Spool(std::filesystem::path file)
    : path_(std::move(file)), lock_(lock_of(path_)), file_(path_, O_RDWR | O_CREAT | O_APPEND) {
  load();
}

bool Spool::looks_empty(std::filesystem::path const& file) {
  std::error_code error;
  auto const size = std::filesystem::file_size(file, error);
  return error || size == 0;
}

void Spool::load() {
  text_ = read_file(path_).value_or("");
  auto const end = text_.rfind('\n');
  auto const whole = end == std::string::npos ? 0 : end + 1;
  if (whole != text_.size()) cut(file_, whole);
  text_.resize(whole);
  skip_dealt_with();
}

void Spool::skip_dealt_with() {
  while (front_ < text_.size() && text_[front_] == kDealtWith) front_ = text_.find('\n', front_) + 1;
  if (front_ == 0 || front_ < text_.size()) return;
  cut(file_, 0);
  text_.clear();
  front_ = 0;
}

std::optional<SpooledLine> Spool::front() {
  while (front_ < text_.size()) {
    auto line = read_line(line_at(text_, front_));
    if (line) return line;
    reject("it is no line of the spool");
  }
  return std::nullopt;
}

void Spool::pop() {
  // Through a second descriptor: pwrite to one opened with O_APPEND writes at the end.
  FileHandle const file(path_, O_WRONLY);
  write_all(file, std::string_view(&kDealtWith, 1), static_cast<off_t>(front_));
  text_[front_] = kDealtWith;
  skip_dealt_with();
}

void Spool::reject(std::string_view why) {
  auto const line = line_at(text_, front_);
  json::object const entry{{"why", json::string(why)},
                           {"line", parse_loosely(line).value_or(json::value(json::string(line)))}};
  FileHandle const file(rejected_file(), O_WRONLY | O_CREAT | O_APPEND);
  write_all(file, compact(entry) + "\n");
  sync(file);
  pop();
}

bool Spool::append(SpooledLine const& line) {
  auto const text = kWaits + compact(to_json(line)) + "\n";
  if (text_.size() + text.size() > limits::kSpoolBytes) return false;
  bool const first = text_.empty();
  try {
    write_all(file_, text);
    sync(file_);
  } catch (Failure const&) {
    cut(file_, text_.size());  // a full disk may have taken a part
    throw;
  }
  text_ += text;
  if (first) sync(FileHandle(path_.parent_path(), O_RDONLY | O_DIRECTORY));
  return true;
}

std::vector<SpooledLine> Spool::lines() const {
  std::vector<SpooledLine> out;
  for (auto at = front_; at < text_.size(); at = text_.find('\n', at) + 1)
    if (auto line = read_line(line_at(text_, at)); line && text_[at] != kDealtWith) out.push_back(*std::move(line));
  return out;
}

std::size_t Spool::waiting() const { return lines().size(); }

std::filesystem::path Spool::rejected_file() const { return path_.string() + ".rejected"; }

}  // namespace codi::cli
