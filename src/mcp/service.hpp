#pragma once
#include "api/execute.hpp"
#include "api/operation.hpp"
#include "api/runtime.hpp"
#include "mcp/protocol.hpp"
#include "mcp/tools.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codi::mcp {

/// What all requests of a server share. Immutable and thread-safe.
class Offer {
 public:
  /// `operations` outlive it. Throws Failure for tools that can be none (Tools).
  explicit Offer(std::vector<api::Operation> const& operations) : operations_(operations), tools_(operations) {}
  [[nodiscard]] Tools const& tools() const { return tools_; }
  /// The operation with an id; throws Failure when there is none.
  [[nodiscard]] api::Operation const& operation(std::string_view id) const;

 private:
  std::vector<api::Operation> const& operations_;
  Tools tools_;
};

/// Who asks, and how; all of it comes with the one request.
struct ServiceRequest {
  std::string credential;  ///< of the bearer
  std::string request_id = {};
  std::string address = {};
  std::optional<std::string> idempotency_key = {};
  std::optional<std::string> project = {};  ///< in the place of a missing argument `project`
  std::optional<std::string> session = {};  ///< in the place of a missing argument `session`
  bool through_proxy = false;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  std::function<void(std::function<void()>)> post = {};
  std::function<void(std::chrono::milliseconds)> hold = {};
  /// Told of each operation that was run, before its answer is used.
  std::function<void(api::Operation const&, api::Finished const&)> ran = {};
};

/// Answers one request with what codi offers: tools that run operations, resources that read them, prompts, and notices
/// of what changes in projects. Keeps nothing: whatever a request needs is in it or in the store. Used on the
/// request's thread.
class Service final : public Provider, public std::enable_shared_from_this<Service> {
 public:
  /// `runtime` and `offer` outlive it.
  Service(api::Runtime& runtime, Offer const& offer, ServiceRequest request);

  void admit(std::function<void(std::optional<RpcError>)> then) override;
  [[nodiscard]] json::object capabilities(Revision revision) const override;
  [[nodiscard]] json::object information() const override;
  [[nodiscard]] std::string instructions() const override;
  [[nodiscard]] bool offers(std::string_view method) const override;
  std::shared_ptr<Pending> answer(Turn turn, Reply reply) override;

  /// Follows the resources that a `subscriptions/listen` names and tells of their changes. A turn without a method is
  /// the older revision's stream, which names none: it follows all those of the caller's project.
  std::shared_ptr<Pending> listen(Turn turn, Reply reply);

 private:
  class Call;
  struct Admitted;
  struct Opening;
  using Admission = std::function<void(Result<Admitted>)>;
  using Ran = std::function<void(Result<api::Answer>)>;
  /// What is done when an operation is not answered at once: its connection must be kept.
  using Hold = std::function<void(std::chrono::milliseconds)>;

  void look_at_caller(Admission then);
  /// The project of a request that names none.
  void with_project(std::function<void(Result<std::string>)> then);
  /// What it gives back says that nobody waits any more.
  std::function<void()> run(api::Operation const& operation, json::object members, Hold hold, Ran then);
  void read(std::string_view operation_id, json::object members, Ran then);
  /// Answers once it is known that the caller may know anything at all.
  void answer_known(Outcome outcome, Reply reply);

  std::shared_ptr<Pending> call_tool(Turn turn, Reply reply);
  std::shared_ptr<Pending> call_operation(Turn const& turn, api::Operation const& operation, json::object arguments,
                                          Reply reply);
  void list_resources(Reply reply);
  void read_resource(Turn const& turn, Reply reply);
  void read_prompt(Turn const& turn, Reply reply);
  void complete(Turn const& turn, Reply reply);
  void open_next(std::shared_ptr<Opening> opening);

  api::Runtime& runtime_;
  Offer const& offer_;
  ServiceRequest request_;
};

}  // namespace codi::mcp
