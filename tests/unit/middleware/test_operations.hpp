#pragma once
#include "api/operation.hpp"

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <vector>

/// Operations that only tests have: of every method, open so that no credential is needed, except where they say so.
namespace codi::testing {

struct Thing {
  std::string id;
  std::int64_t size = 0;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, size, updated_at))

struct ThingPath {
  std::string thing;
};
BOOST_DESCRIBE_STRUCT(ThingPath, (), (thing))

struct Search {
  std::optional<std::int64_t> limit;
  std::optional<bool> deep;
  std::optional<double> least;
  std::optional<std::string> text;
  std::optional<std::vector<std::string>> tag;
};
BOOST_DESCRIBE_STRUCT(Search, (), (limit, deep, least, text, tag))

struct Found {
  std::string seen;
};
BOOST_DESCRIBE_STRUCT(Found, (), (seen))

struct MakeThing {
  std::string id;
  std::optional<std::int64_t> size;
};
BOOST_DESCRIBE_STRUCT(MakeThing, (), (id, size))

struct ChangeThing {
  std::string thing;
  std::optional<std::int64_t> size;
};
BOOST_DESCRIBE_STRUCT(ChangeThing, (), (thing, size))

struct RemoveThing {
  std::string thing;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(RemoveThing, (), (thing, reason))

}  // namespace codi::testing

namespace codi::reflect {

template <>
struct Fields<testing::Thing> {
  static constexpr std::string_view name = "Thing";
  static constexpr std::array fields{field("id", "Its id."), field("size", "Its size."),
                                     field("updated_at", "When it changed.")};
};
template <>
struct Fields<testing::ThingPath> {
  static constexpr std::string_view name = "ThingPath";
  static constexpr std::array fields{field("thing", "The thing.")};
};
template <>
struct Fields<testing::Search> {
  static constexpr std::string_view name = "Search";
  static constexpr std::array fields{field("limit", "At most so many.").range(1, 500), field("deep", "Below too."),
                                     field("least", "Not less."), field("text", "Words."), field("tag", "Tags.")};
};
template <>
struct Fields<testing::Found> {
  static constexpr std::string_view name = "Found";
  static constexpr std::array fields{field("seen", "What was asked for.")};
};
template <>
struct Fields<testing::MakeThing> {
  static constexpr std::string_view name = "MakeThing";
  static constexpr std::array fields{field("id", "Its id."), field("size", "Its size.")};
};
template <>
struct Fields<testing::ChangeThing> {
  static constexpr std::string_view name = "ChangeThing";
  static constexpr std::array fields{field("thing", "The thing."), field("size", "Its size.")};
};
template <>
struct Fields<testing::RemoveThing> {
  static constexpr std::string_view name = "RemoveThing";
  static constexpr std::array fields{field("thing", "The thing."), field("reason", "Why.")};
};

}  // namespace codi::reflect

namespace codi::testing {

struct SearchThings {
  using In = Search;
  using Out = Found;
  static constexpr api::OperationMeta meta{
      .id = "search_things", .path = "/things", .tag = "server", .summary = "Search", .access = api::Access::open};
  static Task<Result<Out>> run(auth::OpenTx&, In const& in) {
    Found out{.seen = reflect::encode_text(in)};
    co_return out;
  }
};

struct GetThing {
  using In = ThingPath;
  using Out = Thing;
  static constexpr api::OperationMeta meta{
      .id = "get_thing", .path = "/things/{thing}", .tag = "server", .summary = "One", .access = api::Access::open};
  static Task<Result<Out>> run(auth::OpenTx&, In const& in) {
    if (in.thing == "broken") throw Failure(ErrorCode::storage_unavailable, "the disk is on fire");
    if (in.thing == "none") co_return fail(ErrorCode::not_found, "no such thing");
    Thing out{.id = in.thing, .size = 7, .updated_at = "now"};
    co_return out;
  }
};

struct PostThing {
  using In = MakeThing;
  using Out = Thing;
  static constexpr api::OperationMeta meta{.id = "make_thing",
                                           .method = api::Method::post,
                                           .path = "/things",
                                           .tag = "server",
                                           .summary = "Make",
                                           .kind = api::Kind::write,
                                           .access = api::Access::open,
                                           .status = 201};
  static Task<Result<Out>> run(auth::OpenTx&, In const& in) {
    Thing out{.id = in.id, .size = in.size.value_or(0), .updated_at = "now"};
    co_return out;
  }
};

/// A literal beside a parameter, for POST only.
struct CheckThings {
  using In = Search;
  using Out = Found;
  static constexpr api::OperationMeta meta{.id = "check_things",
                                           .method = api::Method::post,
                                           .path = "/things/check",
                                           .tag = "server",
                                           .summary = "Check",
                                           .kind = api::Kind::read,
                                           .access = api::Access::open,
                                           .document = "text"};
  static Task<Result<Out>> run(auth::OpenTx&, In const& in) {
    Found out{.seen = reflect::encode_text(in)};
    co_return out;
  }
};

struct PatchThing {
  using In = ChangeThing;
  using Out = Thing;
  static constexpr api::OperationMeta meta{.id = "change_thing",
                                           .method = api::Method::patch,
                                           .path = "/things/{thing}",
                                           .tag = "server",
                                           .summary = "Change",
                                           .kind = api::Kind::write,
                                           .access = api::Access::open};
  static Task<Result<Out>> run(auth::OpenTx&, In const& in) {
    Thing out{.id = in.thing, .size = in.size.value_or(0), .updated_at = "now"};
    co_return out;
  }
};

struct DeleteThing {
  using In = RemoveThing;
  using Out = api::Nothing;
  static constexpr api::OperationMeta meta{.id = "remove_thing",
                                           .method = api::Method::delete_,
                                           .path = "/things/{thing}",
                                           .tag = "server",
                                           .summary = "Remove",
                                           .kind = api::Kind::write,
                                           .access = api::Access::open,
                                           .status = 204};
  static Task<Result<Out>> run(auth::OpenTx&, In const&) { co_return Out{}; }
};

/// Needs a caller.
struct GetSecret {
  using In = ThingPath;
  using Out = Thing;
  static constexpr api::OperationMeta meta{.id = "get_secret",
                                           .path = "/secrets/{thing}",
                                           .tag = "server",
                                           .summary = "Secret",
                                           .permission = auth::Permission::tenant_read};
  static Task<Result<Out>> run(db::Tx&, auth::Caller const&, In const& in) {
    Thing out{.id = in.thing};
    co_return out;
  }
};
struct PostSecret {
  using In = MakeThing;
  using Out = Thing;
  static constexpr api::OperationMeta meta{.id = "make_secret",
                                           .method = api::Method::post,
                                           .path = "/secrets",
                                           .tag = "server",
                                           .summary = "Make a secret",
                                           .kind = api::Kind::write,
                                           .permission = auth::Permission::tenant_manage,
                                           .status = 201};
  static Task<Result<Out>> run(db::Tx&, auth::Caller const&, In const& in) {
    Thing out{.id = in.id};
    co_return out;
  }
};

inline std::vector<api::Operation> const& test_operations() {
  static auto const list = api::make_operations<SearchThings, GetThing, PostThing, CheckThings, PatchThing, DeleteThing,
                                                GetSecret, PostSecret>();
  return list;
}

}  // namespace codi::testing
