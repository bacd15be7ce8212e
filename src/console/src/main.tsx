import "./style/fonts.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/shell.css";
import "./style/pages.css";
import "./lib/scheme";
import { mount } from "./app";

mount();
