#pragma once
#include "api/waiting_room.hpp"
#include "auth/caller.hpp"
#include "auth/open_tx.hpp"
#include "auth/operator_tx.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/tx.hpp"
#include "reflect/decode.hpp"
#include "reflect/encode.hpp"
#include "reflect/schema.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::auth {
class LoginThrottle;
class PasswordHasher;
class TokenService;
}  // namespace codi::auth

/// Operations: each is declared once, as a struct; router, OpenAPI, MCP tools and CLI options are built from the list
/// of them.
namespace codi::api {

struct FeedPlan;
struct Runtime;
struct Settings;

/// HTTP methods that operations use.
enum class Method : std::uint8_t { get, post, put, patch, delete_ };

/// Whether an operation changes the store.
enum class Kind : std::uint8_t {
  read,    ///< runs on a snapshot; must not write
  write,   ///< runs in a transaction that commits before it is answered
  stream,  ///< answers bytes as they are made: `open(StreamContext const&, In const&)`; must not write
  feed,    ///< answers events as they happen: as a read, `run` answers a FeedPlan
};

/// Whether an operation needs a caller, and so which transaction it gets.
enum class Access : std::uint8_t {
  open,       ///< needs no credential: `run(auth::OpenTx&, In const&)`
  tenant,     ///< a caller of a tenant: `run(db::Tx&, auth::Caller const&, In const&)`
  operator_,  ///< an operator token, which no role of a tenant reaches: `run(auth::OperatorTx&, In const&)`
};

/// Through which door requests come: whose paths, credentials, media type and form of errors they have.
enum class Door : std::uint8_t {
  rest,  ///< paths below `/v1`, which documents and the command line are made of
  lfs,   ///< the locking API of git-lfs, with whole paths of its own
  mcp,   ///< the Model Context Protocol, where one path has many operations (OperationMeta::mcp)
};

/// What an operation says about itself. `path` stands below `/v1` (Door::rest); a `{name}` in it is the member `name`
/// of In.
struct OperationMeta {
  std::string_view id;  ///< OpenAPI operationId, snake_case, unique
  Method method = Method::get;
  std::string_view path;
  std::string_view tag;      ///< area, for grouping in documents
  std::string_view summary;  ///< one line
  Kind kind = Kind::read;
  Access access = Access::tenant;
  Door door = Door::rest;
  std::optional<auth::Permission> permission = {};  ///< what run() demands; for documents
  unsigned status = 200;
  unsigned other_status = 0;  ///< that it succeeds with as well, by its Out's status(); 0: none
  bool grows = false;         ///< adds to what its tenant has: refused while that is beyond its quotas
  bool finds_room = false;    ///< of what grows: run() itself sees whether the tenant's data may grow
  std::string_view mcp = {};  ///< the MCP tool that offers it and its verb there, such as `session start`; empty: none
  /// Of a member `session` that may be left out: true where it chooses what is shown, so that without it all is shown;
  /// else it says who acts.
  bool session_filters = false;
  std::string_view document = {};  ///< member that a body of text/markdown is; empty: it takes none
  std::string_view cli = {};       ///< words of the command line, such as `session start`; empty: none
  std::string_view description = {};
  std::string_view cli_example = {};  ///< what follows those words in the example of the verb's help
};

/// The Out of an operation that answers 204.
struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

/// What `prepare` may use: it runs on a worker thread, before the transaction, and may block.
class PrepareContext {
 public:
  /// `drawn_from` is a stream of its own, other than the transaction's; `who` is null for Access::open. All must
  /// outlive it.
  PrepareContext(Runtime& runtime, db::RequestFacts const& drawn, Random& drawn_from, auth::Caller const* who);

  auth::TokenService& tokens;
  auth::PasswordHasher& hasher;
  auth::LoginThrottle& throttle;
  Settings const& settings;
  db::RequestFacts const& facts;
  Random& random;
  auth::Caller const* caller;

  /// Runs `body` on a snapshot, perhaps more than once; what it writes is dropped. Blocks; throws what the store
  /// throws.
  void read(std::function<Task<void>(auth::OpenTx&)> const& body) const;

 private:
  db::Engine& engine_;
};

/// The content of an answer that is made while it is sent. Used by one thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  /// The next bytes; nothing after the last ones. May block. Throws Failure when there will be no more though there
  /// should: the answer is then cut off, which its reader notices.
  virtual std::optional<std::string> next() = 0;
  /// What a browser saves it as.
  [[nodiscard]] virtual std::string file_name() const = 0;
};

/// An operation that can't be answered yet: its Out has a member `parked` of std::optional<Parked>, which is not
/// encoded. Its run() is called again, with RequestFacts::resumed, when it is woken.
struct Parked {
  WaitFor wait;
  Uuid resumed;
};

/// What `open` of a stream may use; the runtime outlives the stream.
struct StreamContext {
  Runtime& runtime;
  db::RequestFacts const& facts;
};

/// What one try works with: exactly one is given, by the operation's Access.
struct Try {
  auth::OpenTx* open = nullptr;
  db::Tx* tx = nullptr;  ///< with `caller`
  auth::Caller const* caller = nullptr;
  auth::OperatorTx* administration = nullptr;
};

/// One call of one operation: its input, and what became of it. Not thread-safe; one stage at a time.
class Call {
 public:
  virtual ~Call() = default;
  /// Reads In from the request's members; the error of a body that is not valid.
  virtual Result<void> decode(json::object members) = 0;
  [[nodiscard]] virtual bool needs_prepare() const = 0;
  /// Runs the operation's prepare(), if it has one, on a worker thread.
  virtual Result<void> prepare(PrepareContext const& context) = 0;
  virtual Task<Result<void>> run(Try with) = 0;
  /// Opens a Kind::stream; null for other kinds. Throws what the store throws.
  virtual std::shared_ptr<Stream> open(StreamContext const& context) = 0;
  /// What the last successful run of a Kind::feed planned; null for other kinds.
  [[nodiscard]] virtual std::shared_ptr<FeedPlan const> plan() const = 0;
  /// The answer of the last successful run.
  [[nodiscard]] virtual reflect::Encoded encode() const = 0;
  /// Its status: the operation's, unless Out has a `status()`.
  [[nodiscard]] virtual unsigned status() const = 0;
  /// What it waits for, in the place of an answer.
  [[nodiscard]] virtual std::optional<Parked> parked() const = 0;
};

/// The schemas of an operation, made for one document.
struct OperationSchema {
  std::vector<json::object> inputs;  ///< one a member, as in Operation::inputs
  std::optional<json::object> output;
};

/// An operation at run time.
struct Operation {
  OperationMeta meta;
  std::string_view input_name;  ///< of In, for documents
  std::vector<reflect::Member> inputs;
  std::vector<reflect::Member> outputs;
  std::function<std::unique_ptr<Call>()> make_call;
  std::function<OperationSchema(reflect::SchemaBuilder&)> schema;
};

namespace detail {

struct NoPrepared {};
// What the run of an operation makes.
template <class Op>
struct MadeBy {
  using type = typename Op::Out;
};
template <class Op>
  requires(Op::meta.kind == Kind::feed)
struct MadeBy<Op> {
  using type = std::shared_ptr<FeedPlan const>;
};
template <class Op>
struct PreparedOf {
  using type = NoPrepared;
};
template <class Op>
  requires requires { typename Op::Prepared; }
struct PreparedOf<Op> {
  using type = typename Op::Prepared;
};

template <class Op>
class CallOf final : public Call {
 public:
  using In = typename Op::In;
  using Out = typename MadeBy<Op>::type;
  using Prepared = typename PreparedOf<Op>::type;
  static constexpr bool kFeeds = Op::meta.kind == Kind::feed;
  static constexpr bool kPrepares = !std::same_as<Prepared, NoPrepared>;
  static constexpr bool kStreams = Op::meta.kind == Kind::stream;

  Result<void> decode(json::object members) override {
    auto decoded = reflect::decode<In>(json::value(std::move(members)));
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    in_ = *std::move(decoded);
    return {};
  }

  [[nodiscard]] bool needs_prepare() const override { return kPrepares; }

  Result<void> prepare(PrepareContext const& context) override {
    if constexpr (kPrepares) {
      auto made = Op::prepare(context, in_);
      if (!made) return std::unexpected(std::move(made.error()));
      prepared_ = *std::move(made);
    }
    return {};
  }

  Task<Result<void>> run(Try with) override {
    if constexpr (kStreams) {
      co_return Result<void>();
    } else {
      auto task = start(with);
      auto out = co_await std::move(task);
      if (!out) co_return std::unexpected(std::move(out.error()));
      out_ = *std::move(out);
      co_return Result<void>();
    }
  }

  std::shared_ptr<Stream> open(StreamContext const& context) override {
    if constexpr (kStreams)
      return Op::open(context, in_);
    else
      return nullptr;
  }

  [[nodiscard]] std::shared_ptr<FeedPlan const> plan() const override {
    if constexpr (kFeeds)
      return out_;
    else
      return nullptr;
  }

  [[nodiscard]] reflect::Encoded encode() const override {
    if constexpr (std::same_as<Out, Nothing> || kFeeds)
      return {};
    else
      return reflect::encode(out_);
  }

  [[nodiscard]] unsigned status() const override {
    if constexpr (requires { out_.status(); })
      return out_.status();
    else
      return Op::meta.status;
  }

  [[nodiscard]] std::optional<Parked> parked() const override {
    if constexpr (requires { out_.parked; })
      return out_.parked;
    else
      return std::nullopt;
  }

 private:
  Task<Result<Out>> start(Try with) {
    if constexpr (Op::meta.access == Access::open && kPrepares)
      return Op::run(*with.open, in_, prepared_);
    else if constexpr (Op::meta.access == Access::open)
      return Op::run(*with.open, in_);
    else if constexpr (Op::meta.access == Access::operator_ && kPrepares)
      return Op::run(*with.administration, in_, prepared_);
    else if constexpr (Op::meta.access == Access::operator_)
      return Op::run(*with.administration, in_);
    else if constexpr (kPrepares)
      return Op::run(*with.tx, *with.caller, in_, prepared_);
    else
      return Op::run(*with.tx, *with.caller, in_);
  }

  In in_{};
  Out out_{};
  Prepared prepared_{};
};

template <class Op>
OperationSchema schema_of(reflect::SchemaBuilder& builder) {
  OperationSchema out;
  reflect::for_each_field<typename Op::In>([&](auto member, reflect::Field const& f) {
    using Type = std::remove_cvref_t<decltype(std::declval<typename Op::In&>().*member.pointer)>;
    out.inputs.push_back(builder.schema<Type>(reflect::Use::input, f));
  });
  if constexpr (!std::same_as<typename Op::Out, Nothing>)
    out.output = builder.schema<typename Op::Out>(reflect::Use::output);
  return out;
}

}  // namespace detail

/// What every operation must have.
template <class Op>
concept DeclaredOperation = requires {
  { Op::meta } -> std::convertible_to<OperationMeta>;
  typename Op::In;
  typename Op::Out;
};

/// The run-time form of one declaration.
template <DeclaredOperation Op>
Operation make_operation() {
  return Operation{.meta = Op::meta,
                   .input_name = reflect::Fields<typename Op::In>::name,
                   .inputs = reflect::members_of<typename Op::In>(),
                   .outputs = reflect::members_of<typename Op::Out>(),
                   .make_call = [] { return std::make_unique<detail::CallOf<Op>>(); },
                   .schema = [](reflect::SchemaBuilder& builder) { return detail::schema_of<Op>(builder); }};
}

/// The run-time form of several, in their order.
template <DeclaredOperation... Ops>
std::vector<Operation> make_operations() {
  std::vector<Operation> out;
  (out.push_back(make_operation<Ops>()), ...);
  return out;
}

/// Every operation of codi: the one list (operations.cpp).
std::vector<Operation> const& operations();

/// `GET`, `POST`…
std::string_view to_string(Method method);

}  // namespace codi::api

template <>
struct codi::reflect::Fields<codi::api::Nothing> {
  static constexpr std::string_view name = "Nothing";
  static constexpr std::array<Field, 0> fields{};
};
