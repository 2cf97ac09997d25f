/** What clients see, once more, from a server that uses nothing undocumented. */
import "../_support/internals_off.ts";
import "./keep_alive_test.ts";
import "./request_body_test.ts";
import "./response_test.ts";
import "./websocket_test.ts";
