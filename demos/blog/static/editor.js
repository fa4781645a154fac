// Shows the picture that was chosen before it is sent, and says at once if it is too large.

const input = document.getElementById("picture");
const preview = document.getElementById("preview");
let address = "";

input.addEventListener("change", () => {
  URL.revokeObjectURL(address);
  const [file] = input.files;
  const tooLarge = Boolean(file) && file.size > Number(input.dataset.maxBytes);
  input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
  input.reportValidity();
  address = file && !tooLarge ? URL.createObjectURL(file) : "";
  preview.hidden = !address;
  preview.src = address;
});
