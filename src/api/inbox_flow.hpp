#pragma once
#include "db/events.hpp"
#include "db/messages.hpp"
#include "models/claim.hpp"
#include "models/project.hpp"
#include "models/session.hpp"

#include <vector>

/// How things come into inboxes: in the transaction of what they tell of, under the cursor of its event, which names
/// them by their ids (`data.inbox`), so that who follows the log knows of them.
namespace codi::api {

/// A notice to be put into an inbox. `from` is whose doing it is, if anyone's.
models::Message make_notice(db::Tx& tx, models::Project const& project, models::MessageKind kind,
                            models::MessageRecipient to, models::Session const* from = nullptr);
models::MessageRecipient to_session(SessionId session);
/// Lets a notice name claims and their paths, as many as limits allow.
void name_claims(models::Message& notice, std::vector<models::Claim> const& claims);

/// Lets an event name what deliver() will put under its cursor.
void name_in(db::EventDraft& draft, std::vector<models::Message> const& messages);
/// Puts it into its inbox, under the cursor of the event that names it.
void deliver(db::Tx& tx, models::Message message, Stamp const& cursor);

/// Appends an event, and delivers what it names.
models::Event append_event_with(db::Tx& tx, models::Project const& project, models::Session const* session,
                                db::EventDraft draft, models::Message message);

/// Tells a session that a claim of its own ended without its doing; not one that has ended, which nobody reads for.
models::Event append_loss(db::Tx& tx, models::Project const& project, models::Session const* holder,
                          models::Claim const& claim, db::EventDraft draft, std::optional<std::string> said = {});

}  // namespace codi::api
