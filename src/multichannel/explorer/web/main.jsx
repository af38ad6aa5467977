import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";

import { createRoot } from "react-dom/client";

import { Explorer } from "./explorer";

createRoot(document.getElementById("explorer")).render(<Explorer />);
