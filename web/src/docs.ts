// The reference page: shows /openapi.json. Everything it needs comes from this server.

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

import { basePath } from "./base-path.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = (): void => void document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

SwaggerUI({
  url: `${basePath()}/openapi.json`,
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // The validator would send the document to a server of Swagger's.
  validatorUrl: null,
});
