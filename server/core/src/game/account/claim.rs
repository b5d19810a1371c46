//! Claims: a login claims its character before it is loaded for the last time; from then on no other server saves it.

use crate::base::ids::ConnectionId;
use crate::game::account::refusal::Refusal;
use crate::game::durable::pending::Pending;
use crate::game::{CloseReason, Game};
use crate::records::session::{Claim, Session};
use crate::records::{Request, StoreError, UserId};

impl Game {
    /// Claims the character of a login whose password was right.
    pub(in crate::game) fn claim(
        &mut self,
        connection: ConnectionId,
        session: Box<Session>,
        rehash: Option<String>,
    ) {
        let (name, user_id) = (session.username.clone(), session.user_id);
        let ticket = self.wait_for(connection, Pending::LoginClaim { connection, name, user_id, rehash });
        self.durable.ask(Request::OpenSession { ticket, session });
    }

    /// Goes on with a login on whose claim the store has decided.
    pub(in crate::game) fn claim_decided(
        &mut self,
        connection: ConnectionId,
        name: String,
        user_id: UserId,
        rehash: Option<String>,
        result: Result<Claim, StoreError>,
    ) {
        let is_ours = self.play.players.by_name(&name).is_some() || self.durable.departed(&name).is_some();
        match result {
            Ok(Claim::Granted) if self.lobby.connections.get(connection).is_none() => {
                self.give_up_claim(user_id)
            }
            Ok(Claim::Granted) => self.load_character(connection, name, user_id, rehash),
            Ok(Claim::Held { server }) => {
                let refusal = Refusal::OnAnotherServer(server);
                self.refuse_login(connection, &name, Some(user_id), &refusal);
            }
            // A character held in memory was claimed before.
            Err(error) if is_ours && error.is_temporary() => {
                self.load_character(connection, name, user_id, rehash)
            }
            Err(error) => {
                self.event_log.store_failure(self.play.now, &name, &error);
                self.refuse_login(connection, &name, Some(user_id), &Refusal::from(&error));
                // The claim may have been granted and only the answer lost.
                self.give_up_claim(user_id);
            }
        }
    }

    fn load_character(
        &mut self,
        connection: ConnectionId,
        name: String,
        user_id: UserId,
        rehash: Option<String>,
    ) {
        let load = Pending::LoginLoad { connection, name: name.clone(), user_id, rehash };
        let ticket = self.wait_for(connection, load);
        self.durable.ask(Request::LoadAccount { ticket, name });
    }

    /// A login that claimed its character may not have entered after all: then its claim ends.
    pub(in crate::game) fn give_up_claim(&mut self, user_id: UserId) {
        if self.play.players.by_user(user_id).is_none() {
            self.durable.session_ended(user_id, self.play.now);
            self.durable.write_sessions(&mut self.play.state());
        }
    }

    /// Expels the players of these characters, which are no longer ours, and forgets what is held of them unsaved.
    /// Returns false if there were none.
    pub(in crate::game) fn give_up_characters(&mut self, users: &[UserId], reason: CloseReason) -> bool {
        let mut gave_up = self.durable.forget_departed(users);
        for key in users.iter().filter_map(|user_id| self.play.players.by_user(*user_id)).collect::<Vec<_>>()
        {
            gave_up |= self.play.expel(key, reason);
        }
        self.carry_out_effects();
        gave_up
    }
}
