// An Express application, as its documentation begins one.
import express from "express";

export const app = express();
app.get("/", (_request, response) => response.send("Hello, world!"));
