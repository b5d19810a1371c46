//! The change of the players' address while the server runs.

use super::{EventLoop, notifier, take_in};
use crate::net::accept::Listener;
use crate::net::clients::Turn;
use crate::net::listen::{self, Address, Rebind};
use crate::net::tokens::Source;
use pyao_core::game::Millis;

impl EventLoop {
    /// Listens elsewhere from now on; players stay. Within one port the old address has to be given up first.
    pub(super) fn rebind_to(&mut self, to: Address) {
        if self.shutdown.is_some() {
            return;
        }
        let way_back = (to.port == self.address.port).then(|| self.address.clone());
        if way_back.is_some() {
            self.listener = None;
        }
        log::info!("moving from {} to {to}", self.address);
        match Rebind::begin(to, way_back, notifier(&self.waker)) {
            Ok(rebind) => self.rebind = Some(rebind),
            Err(error) => {
                log::error!("cannot move: {error}");
                let Address { host, port } = self.address.clone();
                self.link.keeps_address(host, port, &error.to_string());
            }
        }
    }

    /// Takes the listener of a rebind that has ended, or goes on at the old address.
    pub(super) fn end_rebind(&mut self, now: Millis) {
        let Some(ended) = self.rebind.as_ref().and_then(Rebind::ended) else { return };
        let Some(rebind) = self.rebind.take() else { return };
        if self.shutdown.is_some() {
            return;
        }
        let listener = match ended.outcome {
            Ok(listener) => {
                log::info!("now listening on {}", rebind.to);
                self.address = rebind.to;
                self.link.has_rebound();
                Some(listener)
            }
            Err(error) => {
                let (to, advice) = (&rebind.to, listen::advice(&error));
                log::error!("cannot listen on {to}: {error}; {advice}; still listening on {}", self.address);
                let Address { host, port } = self.address.clone();
                self.link.keeps_address(host, port, &listen::reason(&error));
                ended.restored
            }
        };
        if let Some(listener) = listener {
            self.drain_listener(now);
            match Listener::new(listener, self.poll.registry(), Source::Listener.into()) {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => log::error!("cannot watch the players' port: {error}"),
            }
        }
    }

    /// Accepts the sockets that still wait at the old listener before it closes.
    fn drain_listener(&mut self, now: Millis) {
        let Some(mut listener) = self.listener.take() else { return };
        let mut turn =
            Turn { now, game: &mut self.game, metrics: &mut self.metrics, registry: self.poll.registry() };
        take_in(&mut listener, &mut self.clients, &mut turn);
    }
}
