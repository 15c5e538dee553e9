#include "api/areas.hpp"
#include "api/scope.hpp"
#include "db/audit.hpp"

namespace codi::api {
namespace {

using auth::Permission;

struct ListAuditIn {
  std::optional<std::int64_t> limit;
  std::optional<Stamp> after;
};
BOOST_DESCRIBE_STRUCT(ListAuditIn, (), (limit, after))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<ListAuditIn> {
  static constexpr std::string_view name = "ListAudit";
  static constexpr std::array fields{limit_field(), after_field()};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct ListAudit {
  static constexpr OperationMeta meta{.id = "list_audit",
                                      .method = Method::get,
                                      .path = "/audit",
                                      .tag = "audit",
                                      .summary = "Read the tenant's audit log, oldest first",
                                      .permission = Permission::audit_read,
                                      .cli = "audit list",
                                      .cli_example = "--limit 20"};
  using In = ListAuditIn;
  using Out = models::Page<models::AuditEntry>;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const permitted = auth::permit(caller, Permission::audit_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto const limit = static_cast<std::size_t>(in.limit.value_or(limits::kPageItemsDefault));
    co_return co_await db::list_audit(tx, in.after, limit);
  }
};

}  // namespace

std::vector<Operation> audit_operations() { return make_operations<ListAudit>(); }

}  // namespace codi::api
