import { defineConfig } from "vite";

export default defineConfig({
  root: "web",
  base: "/explorer/",
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    rollupOptions: { input: ["web/index.html", "web/sign-in.html", "web/invitation.html"] },
    // Monaco alone is larger than the size from which Vite warns.
    chunkSizeWarningLimit: 4000,
  },
});
