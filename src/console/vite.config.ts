import { defineConfig } from "vite";

// Names carry a hash in hexadecimal: api serves such files as immutable (src/lib/http/type.c). Nothing is put inline, for the
// policy of the pages allows neither inline scripts nor styles nor data: addresses.
export default defineConfig({
	base: "/",
	clearScreen: false,
	resolve: { preserveSymlinks: true },
	esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
	worker: { format: "es", rollupOptions: { output: { hashCharacters: "hex", entryFileNames: "a/[name]-[hash].js" } } },
	build: {
		target: "es2022",
		outDir: "dist",
		assetsDir: "a",
		assetsInlineLimit: 0,
		cssMinify: "esbuild",
		cssTarget: "esnext",
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
		rollupOptions: {
			output: {
				hashCharacters: "hex",
				entryFileNames: "a/[name]-[hash].js",
				chunkFileNames: "a/[name]-[hash].js",
				assetFileNames: "a/[name]-[hash][extname]",
				manualChunks: (id: string) => id.includes("/codemirror/") || id.includes("/@codemirror/") || id.includes("/@lezer/") ||
					id.includes("/style-mod/") || id.includes("/w3c-keyname/") || id.includes("/crelt/") ? "editor" : undefined,
			},
		},
	},
});
