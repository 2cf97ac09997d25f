/** The same Hono application, with the light classes of Tricorn. */
import { useLightFetch } from "../../../src/application/adapters/fetch/mod.ts";

useLightFetch();
export { app } from "./hono_app.ts";
