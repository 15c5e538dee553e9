#include "cli/log_writer.hpp"

#include "cli/json_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codi::cli {
namespace {

using coordination::LogLine;

// Claims and handoffs are answered now or refused.
bool is_promise(LogLine const& line) { return !line.claim_paths.empty() || line.handoff_to_role.has_value(); }

std::int64_t status_of(Complaint const& complaint) {
  auto const* const status = member_of(complaint.problem, "status");
  if (status == nullptr || !status->is_number()) return 0;
  return status->to_number<std::int64_t>();
}

// The server may take the same line later.
bool is_away(Complaint const& complaint) {
  auto const status = status_of(complaint);
  bool const busy = status == 429 || status == 503;
  return complaint.exit == Exit::unreachable || busy ||
         text_of(complaint.problem, "code") == error_info(ErrorCode::idempotency_in_flight).text;
}

bool is_about_credential(Complaint const& complaint) {
  auto const code = text_of(complaint.problem, "code");
  return status_of(complaint) == 401 || code == error_info(ErrorCode::not_permitted).text || complaint.problem.empty();
}

Result<LogLine> parsed(SpooledLine const& line) {
  auto const action = line.action.empty() ? std::nullopt : std::optional<std::string_view>(line.action);
  return coordination::parse_log_line(line.line, action);
}

std::string replaced_alias(std::string const& message, std::string const& alias) {
  return alias + message.substr(message.find(':'));
}

}  // namespace

Outcome<std::filesystem::path> LogWriter::spool_file() {
  auto const project = context_.project();
  if (!project) return std::unexpected(project.error());
  auto const client = context_.client();
  if (!client) return std::unexpected(client.error());
  PlaceKey const key{context_.settings()->server, *project, (*client)->caller(), "spool"};
  return context_.shell().state_folder() / "spool" / (file_stem(key) + ".jsonl");
}

Outcome<SpooledLine> LogWriter::make_line(std::string const& message, std::string const& action) {
  auto facts = context_.session_facts();
  if (!facts) return pass_on(facts);
  auto const place = context_.place();
  if (!place) return std::unexpected(place.error());
  auto const client = context_.client();
  if (!client) return std::unexpected(client.error());
  return SpooledLine{.key = (*client)->new_key(),
                     .at = context_.now(),
                     .line = message,
                     .action = action,
                     .place = *place,
                     .facts = std::move(*facts)};
}

Outcome<TreeState> LogWriter::memory_of(std::string const& place) {
  auto const project = context_.project();
  if (!project) return std::unexpected(project.error());
  auto const client = context_.client();
  if (!client) return std::unexpected(client.error());
  return TreeState(context_.shell().state_folder(),
                   PlaceKey{context_.settings()->server, *project, (*client)->caller(), place});
}

Outcome<std::string> LogWriter::with_alias(SpooledLine const& line, LogLine const& parsed) {
  if (!parsed.numbered_template || parsed.starts_session) return line.line;
  auto const memory = memory_of(line.place);
  if (!memory) return std::unexpected(memory.error());
  if (auto const alias = memory->alias_of(parsed.alias)) return replaced_alias(line.line, *alias);
  return complain(Exit::usage, fmt::format("no session was started from {} here", parsed.alias),
                  {fmt::format("Start one: codi-log \"{}: starting\" SESSION_START", parsed.alias)});
}

Outcome<WrittenLine> LogWriter::write(LogLine const& line, std::string const& message, std::string const& action) {
  auto mine = make_line(message, action);
  if (!mine) return pass_on(mine);
  auto const file = spool_file();
  if (!file) return std::unexpected(file.error());
  if (!Spool::looks_empty(*file)) {
    Spool spool(*file);
    auto const flushed = flush(spool);
    if (!flushed) {
      if (!is_away(flushed.error())) return std::unexpected(flushed.error());
      return keep(spool, std::move(*mine), line, flushed.error());
    }
  }
  auto sent = send(*mine, line);
  if (sent || !is_away(sent.error())) return sent;
  if (is_promise(line)) return sent;
  Spool spool(*file);
  return keep(spool, std::move(*mine), line, sent.error());
}

Outcome<WrittenLine> LogWriter::send(SpooledLine const& line, LogLine const& parsed) {
  auto message = with_alias(line, parsed);
  if (!message) return pass_on(message);
  auto members = line.facts;
  members["line"] = *message;
  if (!line.action.empty()) members["action"] = line.action;
  // A line that waited says when it was said; one that is sent at once happens now.
  constexpr std::int64_t kLateMs = 5'000;
  if ((context_.now() - line.at).count() > kLateMs) members["at"] = to_string(line.at);
  auto const project = context_.project();
  if (!project) return std::unexpected(project.error());
  members["project"] = *project;
  auto const client = context_.client();
  if (!client) return std::unexpected(client.error());
  auto reply = (*client)->call("write_line", std::move(members), line.key);
  if (!reply) return pass_on(reply);
  WrittenLine out{.answer = std::move(reply->body), .new_alias = {}};
  auto const alias = text_of(out.answer, "assigned_alias");
  if (!coordination::valid_alias(alias)) return out;
  out.new_alias = alias;
  auto memory = memory_of(line.place);
  if (!memory) return pass_on(memory);
  memory->remember_alias(parsed.alias, alias);
  return out;
}

Outcome<std::size_t> LogWriter::flush() {
  auto const file = spool_file();
  if (!file) return std::unexpected(file.error());
  if (Spool::looks_empty(*file)) return 0;
  Spool spool(*file);
  return flush(spool);
}

Outcome<std::size_t> LogWriter::flush(Spool& spool) {
  std::size_t count = 0;
  while (auto const line = spool.front()) {
    auto const read = parsed(*line);
    if (!read) {
      spool.reject(read.error().detail);
      continue;
    }
    auto const sent = send(*line, *read);
    if (sent) {
      spool.pop();
      ++count;
      continue;
    }
    bool const usage = sent.error().exit == Exit::usage;
    if (is_away(sent.error()) || (!usage && is_about_credential(sent.error()))) {
      auto complaint = sent.error();
      complaint.details.push_back(fmt::format("{} lines wait to be sent", spool.waiting()));
      return std::unexpected(std::move(complaint));
    }
    spool.reject(sent.error().what);
    // Lines behind a refused start would go to an older session of the same template.
    if (read->numbered_template && read->starts_session)
      if (auto memory = memory_of(line->place)) memory->forget_alias(read->alias);
    context_.note(fmt::format("a line that waited was refused, see {}: \"{}\": {}", spool.rejected_file().string(),
                              printable(line->line), sent.error().what));
  }
  return count;
}

Outcome<WrittenLine> LogWriter::keep(Spool& spool, SpooledLine line, LogLine const& read, Complaint const& why) {
  if (is_promise(read)) return std::unexpected(why);
  if (read.numbered_template && !read.starts_session) {
    auto const waiting = spool.lines();
    bool const starts_first = std::ranges::any_of(waiting, [&](SpooledLine const& other) {
      auto const before = parsed(other);
      return before && before->starts_session && before->alias == read.alias && other.place == line.place;
    });
    if (!starts_first) {
      auto message = with_alias(line, read);
      if (!message) return pass_on(message);
      line.line = *message;
    }
  }
  if (!spool.append(line))
    return complain(Exit::unreachable,
                    fmt::format("{}; {} lines wait already and there is no room for more", why.what, spool.waiting()),
                    why.hints);
  return WrittenLine{.answer = nullptr, .new_alias = {}, .waiting = spool.waiting()};
}

}  // namespace codi::cli
