#include "middleware/trusted_proxies.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace codi::middleware {
namespace {

// One proxy on the way, as the one behind it tells.
struct Hop {
  std::optional<IpAddress> from = {};  // nothing: it does not say
  std::string proto = {};
};

// What one header field tells of the client.
struct Told {
  std::optional<IpAddress> address = {};
  std::string proto = {};
};

// A quoted string may hold separators.
std::vector<std::string_view> split_unquoted(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == separator && !quoted) {
      out.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  out.push_back(trim(text.substr(start)));
  return out;
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; nothing for `unknown` and names that hide something.
std::optional<IpAddress> address_of_node(std::string_view node) {
  if (auto const address = parse_ip(node)) return address;
  if (node.starts_with('[')) {
    auto const end = node.find(']');
    if (end == std::string_view::npos || (end + 1 < node.size() && node[end + 1] != ':')) return std::nullopt;
    return parse_ip(node.substr(1, end - 1));
  }
  return parse_ip(node.substr(0, node.find(':')));
}

Hop hop_of(std::string_view element) {
  Hop out;
  for (auto const pair : split_unquoted(element, ';')) {
    auto const equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    auto const name = to_lower_ascii(pair.substr(0, equals));
    auto const value = unquoted(pair.substr(equals + 1));
    if (name == "for") out.from = address_of_node(value);
    if (name == "proto") out.proto = to_lower_ascii(value);
  }
  return out;
}

using Trusts = std::function<bool(IpAddress const&)>;

// From the right: each proxy adds what it has seen itself, and what stands left of the first untrusted one may be
// anybody's invention.
Told read_hops(std::vector<Hop> const& hops, Trusts const& trusts) {
  for (auto const* hop = hops.data() + hops.size(); hop != hops.data();) {
    --hop;
    auto const& from = hop->from;
    if (!from || !trusts(*from) || hop == hops.data()) return {.address = from, .proto = hop->proto};
  }
  return {};
}

std::optional<Told> told_by_forwarded(Headers const& headers, Trusts const& trusts) {
  auto const field = headers.joined("Forwarded");
  if (!field) return std::nullopt;
  std::vector<Hop> hops;
  for (auto const element : split_unquoted(*field, ',')) hops.push_back(hop_of(element));
  return read_hops(hops, trusts);
}

std::optional<Told> told_by_x_forwarded(Headers const& headers, Trusts const& trusts) {
  auto const addresses = headers.joined("X-Forwarded-For");
  auto const protos = headers.joined("X-Forwarded-Proto");
  if (!addresses && !protos) return std::nullopt;
  std::vector<Hop> hops;
  for (auto const node : split(addresses.value_or(""), ',')) hops.push_back({.from = address_of_node(trim(node))});
  auto out = read_hops(hops, trusts);
  if (protos) out.proto = to_lower_ascii(trim(split(*protos, ',').back()));
  return out;
}

}  // namespace

Result<void> TrustedProxies::add(std::string_view text) {
  if (text == kUnixPeer) {
    trusts_unix_ = true;
    return {};
  }
  auto const network = parse_network(text);
  if (!network)
    return fail(ErrorCode::validation,
                fmt::format("'{}' is no proxy: use an address, a network such as 10.0.0.0/8, or unix", text));
  networks_.push_back(*network);
  return {};
}

bool TrustedProxies::contains(IpAddress const& address) const {
  return std::ranges::any_of(networks_, [&](Network const& network) { return network.contains(address); });
}

bool TrustedProxies::contains(std::string_view address) const {
  if (address == kUnixPeer) return trusts_unix_;
  auto const parsed = networks_.empty() ? std::nullopt : parse_ip(address);
  return parsed && contains(*parsed);
}

ClientFacts TrustedProxies::client_of(HttpRequest const& request) const {
  ClientFacts out{.address = request.remote_address, .secure = request.secure};
  if (!contains(request.remote_address)) return out;
  Trusts const trusts = [this](IpAddress const& address) { return contains(address); };
  auto const standard = told_by_forwarded(request.headers, trusts);
  auto const usual = told_by_x_forwarded(request.headers, trusts);
  auto told = standard ? *standard : usual.value_or(Told());
  if (standard && usual) {
    if (standard->address != usual->address) told.address.reset();
    if (standard->proto != usual->proto) told.proto.clear();
  }
  if (told.address) out.address = to_string(*told.address);
  out.secure = out.secure || told.proto == "https";
  return out;
}

bool came_through_proxy(Headers const& headers) {
  return std::ranges::any_of(headers, [](Headers::Field const& field) {
    auto const c = field.first.empty() ? ' ' : field.first.front();
    if (c != 'f' && c != 'F' && c != 'x' && c != 'X') return false;
    auto const name = to_lower_ascii(field.first);
    return name == "forwarded" || name.starts_with("x-forwarded-");
  });
}

}  // namespace codi::middleware
