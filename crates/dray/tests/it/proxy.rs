//! A connection between client and server that a test can stop after a number of bytes, release, and cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

#[derive(Default)]
struct State {
    /// Bytes that have passed in the watched direction.
    passed: usize,
    /// After this many bytes, nothing moves.
    hold_at: Option<usize>,
    open: Vec<TcpStream>,
}

struct Wire {
    way: Way,
    state: Mutex<State>,
    changed: Condvar,
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    wire: Arc<Wire>,
}

impl Proxy {
    /// A proxy to `server` (host and port) that stops once `bytes` have passed in the direction `way`.
    pub(crate) fn holding(server: &str, way: Way, bytes: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { hold_at: Some(bytes), ..State::default() };
        let wire = Arc::new(Wire { way, state: Mutex::new(state), changed: Condvar::new() });
        let (server, shared) = (server.to_owned(), Arc::clone(&wire));
        thread::spawn(move || {
            for client in listener.incoming() {
                // A server that is down refuses the connection, and the client sees its own end.
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(&server)) else { continue };
                shared.join(client, server);
            }
        });
        Self { url, wire }
    }

    /// Returns once the proxy has stopped.
    pub(crate) fn wait_until_held(&self) {
        let state = self.wire.state.lock().unwrap();
        let held = self.wire.changed.wait_while(state, |state| !state.holds()).unwrap();
        drop(held);
    }

    /// Bytes that have passed in the watched direction.
    pub(crate) fn passed(&self) -> usize {
        self.wire.state.lock().unwrap().passed
    }

    /// Lets everything pass from now on.
    pub(crate) fn let_go(&self) {
        self.wire.state.lock().unwrap().hold_at = None;
        self.wire.changed.notify_all();
    }

    /// Ends every connection, and lets everything pass from now on.
    pub(crate) fn cut(&self) {
        for stream in self.wire.state.lock().unwrap().open.drain(..) {
            // The other end may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.let_go();
    }
}

impl State {
    fn holds(&self) -> bool {
        self.hold_at.is_some_and(|limit| self.passed >= limit)
    }
}

impl Wire {
    fn join(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        let ends = [(Way::Up, &client, &server), (Way::Down, &server, &client)];
        for (way, from, to) in ends {
            let (from, to, wire) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(self));
            thread::spawn(move || wire.copy(way, &from, &to));
        }
        self.state.lock().unwrap().open.extend([client, server]);
    }

    fn copy(&self, way: Way, mut from: &TcpStream, mut to: &TcpStream) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(bytes @ 1..) = from.read(&mut buffer) {
            self.pass(way, bytes);
            if to.write_all(&buffer[..bytes]).is_err() {
                break;
            }
        }
        for stream in [from, to] {
            // The other end may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn pass(&self, way: Way, bytes: usize) {
        let mut state = self.state.lock().unwrap();
        if way == self.way {
            state.passed += bytes;
            self.changed.notify_all();
        }
        drop(self.changed.wait_while(state, |state| state.holds()).unwrap());
    }
}
