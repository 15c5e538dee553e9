#include "api/idempotency.hpp"

#include "base/encoding.hpp"
#include "base/limits.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace codi::api {
namespace {

/// The kept answer without its body; stands behind the stamp of its commit.
struct Record {
  std::string fingerprint;
  std::int64_t status = 0;
  Timestamp at;
  std::vector<std::int64_t> hole_offsets;
  std::vector<std::int64_t> hole_orders;
};
BOOST_DESCRIBE_STRUCT(Record, (), (fingerprint, status, at, hole_offsets, hole_orders))

}  // namespace
}  // namespace codi::api

template <>
struct codi::reflect::Fields<codi::api::Record> {
  static constexpr std::string_view name = "KeptAnswer";
  static constexpr std::array fields{field("fingerprint", "Of the request, in hexadecimal."),
                                     field("status", "HTTP status."), field("at", "When it was kept."),
                                     field("hole_offsets", "Places of stamps in the body."),
                                     field("hole_orders", "Their user orders.")};
};

namespace codi::api {
namespace {

using SealKey = std::array<unsigned char, crypto_secretbox_KEYBYTES>;

// From the caller's own key, of which the store holds only a hash: a stolen store does not open what is sealed.
SealKey seal_key(IdempotencyScope const& scope) {
  auto const material = "codi idempotency seal\n" + scope.caller + '\n' + scope.key;
  SealKey key{};
  crypto_generichash(key.data(), key.size(), reinterpret_cast<unsigned char const*>(material.data()), material.size(),
                     nullptr, 0);
  return key;
}

std::string seal(db::Tx& tx, SealKey const& key, std::string_view text) {
  std::string out(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.size(), '\0');
  tx.random().fill(std::as_writable_bytes(std::span(out.data(), crypto_secretbox_NONCEBYTES)));
  auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
  crypto_secretbox_easy(bytes + crypto_secretbox_NONCEBYTES, reinterpret_cast<unsigned char const*>(text.data()),
                        text.size(), bytes, key.data());
  return out;
}

std::optional<std::string> unseal(SealKey const& key, std::string_view sealed) {
  constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kOverhead) return std::nullopt;
  std::string out(sealed.size() - kOverhead, '\0');
  auto const* const bytes = reinterpret_cast<unsigned char const*>(sealed.data());
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(out.data()), bytes + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - crypto_secretbox_NONCEBYTES, bytes, key.data()) != 0)
    return std::nullopt;
  return out;
}

db::TenantKey record_key(db::Tx const& tx, Uuid id) { return tx.key("idempotency", id); }
db::TenantKey body_key(db::Tx const& tx, Uuid id) { return tx.key("idempotency_body", id); }

}  // namespace

std::string caller_scope(auth::Caller const& caller) {
  if (caller.session) return "session:" + to_string(*caller.session);
  if (caller.token) return "token:" + to_string(*caller.token);
  if (caller.login) return "login:" + to_string(*caller.login);
  return "operator";
}

Uuid idempotency_id(std::string_view caller, std::string_view operation, std::string_view key) {
  auto const digest = sha256(fmt::format("{}:{}\n{}\n{}", caller.size(), caller, operation, key));
  Uuid id;
  std::memcpy(id.bytes.data(), digest.data(), id.bytes.size());
  return id;
}

Task<Result<std::optional<Answer>>> find_answer(db::Tx& tx, IdempotencyScope scope) {
  auto const id = idempotency_id(scope.caller, scope.operation, scope.key);
  auto const stored = co_await tx.get(record_key(tx, id));
  if (!stored) co_return std::optional<Answer>();
  auto const [stamp, text] = db::split_stamped(*stored);
  auto const record = reflect::decode_stored<Record>(text);
  if (tx.now() >= record.at + limits::kIdempotencyKept) co_return std::optional<Answer>();
  if (record.fingerprint != to_hex(scope.fingerprint))
    co_return fail(ErrorCode::idempotency_mismatch, "this Idempotency-Key belongs to a request with another body");
  auto const sealed = co_await tx.get_chunks(body_key(tx, id));
  auto body = sealed ? unseal(seal_key(scope), *sealed) : std::nullopt;
  if (!body) throw Failure(ErrorCode::storage_unavailable, "a kept answer can't be opened");
  reflect::Encoded encoded{.text = *std::move(body)};
  for (std::size_t i = 0; i < std::min(record.hole_offsets.size(), record.hole_orders.size()); ++i)
    encoded.holes.push_back({static_cast<std::uint32_t>(record.hole_offsets[i]),
                             {.epoch = stamp.epoch, .order = static_cast<std::uint16_t>(record.hole_orders[i])}});
  encoded.fill(stamp.commit);
  co_return Answer{.status = static_cast<unsigned>(record.status), .body = std::move(encoded.text), .replayed = true};
}

void keep_answer(db::Tx& tx, IdempotencyScope const& scope, unsigned status, reflect::Encoded const& encoded) {
  auto const id = idempotency_id(scope.caller, scope.operation, scope.key);
  Record record{.fingerprint = to_hex(scope.fingerprint), .status = status, .at = tx.now()};
  for (auto const& hole : encoded.holes) {
    record.hole_offsets.push_back(hole.offset);
    record.hole_orders.push_back(hole.stamp.order);
  }
  tx.set_stamped(record_key(tx, id), tx.pending_stamp(), reflect::encode_text(record));
  tx.put_chunks(body_key(tx, id), seal(tx, seal_key(scope), encoded.text));
  tx.due({.at = tx.now() + limits::kIdempotencyKept, .kind = db::DueKind::idempotency, .scope = {}, .id = id});
}

void forget_answer(db::Tx& tx, Uuid id) {
  tx.clear(record_key(tx, id));
  tx.clear_below(body_key(tx, id));
}

}  // namespace codi::api
