# nix-build packaging/nix
{
  pkgs ? import <nixpkgs> { },
}:
pkgs.rustPlatform.buildRustPackage {
  pname = "netstat";
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).workspace.package.version;
  src = pkgs.lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [
    "--package"
    "netstat-cli"
  ];
  nativeBuildInputs = [ pkgs.installShellFiles ];
  # The tests make network namespaces, which a build has no right to.
  doCheck = false;
  postInstall = ''
    installManPage docs/netstat.1
    cd crates/netstat-cli/completions
    installShellCompletion --bash netstat.bash --fish netstat.fish --zsh _netstat
  '';
  meta = {
    description = "Truthful network tool with the command line of Windows and net-tools";
    license = with pkgs.lib.licenses; [
      mit
      asl20
    ];
    mainProgram = "netstat";
    platforms = pkgs.lib.platforms.linux;
  };
}
