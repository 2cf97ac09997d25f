// The same Express application on the runtime's own node:http. Argument: the port.
import process from "node:process";
import { app } from "./express_app.mjs";

app.listen(Number(process.argv[2]), "127.0.0.1");
