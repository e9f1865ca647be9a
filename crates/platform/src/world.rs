//! From a context's WIT world to a component.

/// The shapes of `madang:platform/types`, which all worlds share.
#[allow(missing_docs)]
pub mod types {
    /// Why a command was refused or could not be carried out (RFC 9457).
    #[derive(Debug, Clone, PartialEq)]
    pub struct Problem {
        pub status: u16,
        pub title: String,
        pub detail: String,
    }

    impl From<crate::Error> for Problem {
        fn from(error: crate::Error) -> Self {
            let problem = crate::problem::Problem::from(error);
            Problem {
                status: problem.status,
                title: problem.title().to_owned(),
                detail: problem.detail,
            }
        }
    }
}

/// Makes the module `contract` from a context's world: the records of its bodies and events, the traits
/// of its typed exports, and the component's exports for HTTP and the doorbell, wired to the type that
/// implements [`Context`](crate::Context).
///
/// `madang::contract!(Rents, "madang:bookrent/rent", "../../../wit/bookrent");` and, for a read model,
/// `madang::contract!(…, sqlite);`
#[macro_export]
macro_rules! contract {
    ($context:ident, $world:literal, $wit:literal) => {
        $crate::contract!(@ $context, $world, $wit,);
    };
    ($context:ident, $world:literal, $wit:literal, sqlite) => {
        $crate::contract!(@ $context, $world, $wit,
            "fermyon:spin/sqlite@2.0.0": ::madang::spin_sdk::sqlite,);
    };
    (@ $context:ident, $world:literal, $wit:literal, $($interface:literal: $path:path,)*) => {
        // What wit-bindgen makes: its docs are the WIT's, and crossing the boundary needs unsafe.
        #[allow(missing_docs, unsafe_code, clippy::all)]
        pub(crate) mod contract {
            ::madang::wit_bindgen::generate!({
                path: ["../../../wit/platform", $wit],
                world: $world,
                runtime_path: "::madang::wit_bindgen::rt",
                additional_derives: [PartialEq, Clone, ::serde::Serialize, ::serde::Deserialize],
                with: {
                    "wasi:io/error@0.2.0": ::madang::wasi::io::error,
                    "wasi:io/poll@0.2.0": ::madang::wasi::io::poll,
                    "wasi:io/streams@0.2.0": ::madang::wasi::io::streams,
                    "wasi:clocks/monotonic-clock@0.2.0": ::madang::wasi::clocks::monotonic_clock,
                    "wasi:http/types@0.2.0": ::madang::wasi::http::types,
                    "wasi:http/outgoing-handler@0.2.0": ::madang::wasi::http::outgoing_handler,
                    "fermyon:spin/redis@2.0.0": ::madang::spin_sdk::redis,
                    "fermyon:spin/variables@2.0.0": ::madang::spin_sdk::variables,
                    "wasi:keyvalue/store@0.2.0-draft2": ::madang::keyvalue::store,
                    "wasi:keyvalue/atomics@0.2.0-draft2": ::madang::keyvalue::atomics,
                    "madang:platform/types@1.0.0": ::madang::world::types,
                    $($interface: $path,)*
                },
                generate_all,
                generate_unused_types: true,
            });

            use super::$context;

            impl exports::wasi::http::incoming_handler::Guest for $context {
                fn handle(
                    request: ::madang::wasi::http::types::IncomingRequest,
                    out: ::madang::wasi::http::types::ResponseOutparam,
                ) {
                    ::madang::spin::handle::<$context>(env!("CARGO_PKG_VERSION"), request, out);
                }
            }

            impl exports::fermyon::spin::inbound_redis::Guest for $context {
                fn handle_message(_: Vec<u8>) -> Result<(), fermyon::spin::redis_types::Error> {
                    ::madang::spin::hear::<$context>()
                        .map_err(|_| fermyon::spin::redis_types::Error::Error)
                }
            }

            // Elsewhere nobody calls them, and contexts that are linked together would have them twice.
            #[cfg(target_arch = "wasm32")]
            export!($context);
        }
    };
}

/// Makes a component of a [`Site`](crate::Site): `madang::site!(Contracts, "../../wit/platform");`
#[macro_export]
macro_rules! site {
    ($site:ident, $wit:literal) => {
        #[allow(missing_docs, unsafe_code, clippy::all)]
        mod contract {
            ::madang::wit_bindgen::generate!({
                path: $wit,
                world: "madang:platform/site",
                runtime_path: "::madang::wit_bindgen::rt",
                with: {
                    "wasi:io/error@0.2.0": ::madang::wasi::io::error,
                    "wasi:io/poll@0.2.0": ::madang::wasi::io::poll,
                    "wasi:io/streams@0.2.0": ::madang::wasi::io::streams,
                    "wasi:clocks/monotonic-clock@0.2.0": ::madang::wasi::clocks::monotonic_clock,
                    "wasi:http/types@0.2.0": ::madang::wasi::http::types,
                    "fermyon:spin/variables@2.0.0": ::madang::spin_sdk::variables,
                },
                generate_all,
            });

            use super::$site;

            impl exports::wasi::http::incoming_handler::Guest for $site {
                fn handle(
                    request: ::madang::wasi::http::types::IncomingRequest,
                    out: ::madang::wasi::http::types::ResponseOutparam,
                ) {
                    ::madang::spin::show::<$site>(request, out);
                }
            }

            export!($site);
        }
    };
}
