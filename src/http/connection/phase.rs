//! The states of a connection.

/// Open, or the reason for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::FromRepr)]
#[repr(u8)]
pub enum Phase {
    Open,
    /// The head of a request did not arrive in time. The request is refused, and nothing more is read.
    HeadTooSlow,
    /// The body did not arrive in time. Nothing more is read, so that the code that waits for the body can refuse it.
    BodyTooSlow,
    /// The body has too many bytes. Nothing more is read, as in [`Phase::BodyTooSlow`].
    BodyTooLarge,
    /// A new connection takes the place of this one. It ends after the request that has arrived or is in progress, or at
    /// once if there is none.
    Displaced,
    /// Nothing more is read or written.
    Closed,
}

impl Phase {
    /// True while requests are read and answered.
    pub fn is_served(self) -> bool {
        matches!(self, Self::Open | Self::Displaced)
    }

    /// True if no request follows the current one.
    pub fn is_last_request(self) -> bool {
        self.has_cut_body() || self == Self::Displaced
    }

    /// True if the end of the body was reported to the framework early.
    pub fn has_cut_body(self) -> bool {
        matches!(self, Self::BodyTooSlow | Self::BodyTooLarge)
    }
}

/// The work on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkState {
    /// Between requests, or receiving a head.
    Idle,
    /// The peer reads a response.
    Receiving,
    /// The application waits for a body.
    Sending,
    /// The application processes a request.
    Working,
}
