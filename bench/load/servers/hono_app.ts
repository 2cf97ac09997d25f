/** The Hono application that is served by every server in the scenario `hono`. */
import { Hono } from "hono";

export const app: Hono = new Hono();
app.get("/", (c) => c.text("Hello, world!"));
