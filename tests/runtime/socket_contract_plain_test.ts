/** The socket contract once more, with everything undocumented switched off. */
import "../_support/internals_off.ts";
import "./socket_contract_test.ts";
