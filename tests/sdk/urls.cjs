// Prints `name<TAB>URL` for each option set that is read from standard input, by the official SDK.
const { cloudinary: setup, sets } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const cloudinary = require("cloudinary").v2;
cloudinary.config(setup);
for (const { name, id, options } of sets) console.log(`${name}\t${cloudinary.url(id, { ...options })}`);
